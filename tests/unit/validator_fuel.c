/* P701 to P703: what the proof of the meter lets through, and what it finds. Function 0 of each module has the body of a
 * row, in bytes; docs/metering.md has the forms. */
#include "tests/unit/module_maker.h"
#include "tests/unit/tap.h"
#include "validator/validator.h"

/* Global 0 is F. In bodies of "l" L is local 1, behind the parameter, or the last of those declared. */
#define GET_F   "\x23\x00"
#define SET_F   "\x24\x00"
#define TEST    "\x42\x00\x53\x04\x40"
#define TRAP    "\x00\x0b"
#define SUB(c)  "\x42" c "\x7d"
#define CHARGE(c)      GET_F SUB(c) SET_F GET_F TEST TRAP
#define LOAD(l)        GET_F "\x21" l
#define STORE(l)       "\x20" l SET_F
#define IN_L(l, c)     "\x20" l SUB(c) "\x22" l TEST "\x20" l SET_F TRAP
#define LOAD_IN_L(l, c) GET_F SUB(c) "\x22" l TEST "\x20" l SET_F TRAP
#define SCALED(t, n, op) "\x20" t "\xad\x42" n op "\x7d"
#define BY_SIZE(t, n, op)      "\x22" t GET_F SCALED(t, n, op) SET_F GET_F TEST TRAP
#define BY_SIZE_L(t, l, n, op) "\x22" t "\x20" l SCALED(t, n, op) "\x22" l TEST "\x20" l SET_F TRAP
#define MUL "\x7e"
#define SHR "\x88"
/* Counted loops: d, the distance; s, the stride; t, its shift; from local 0 (a parameter) to a constant, or to 0 */
#define ROUNDS(d, s, t) d "\x41" s "\x6b" t "\xad\x42\x01\x7c"
#define SHIFT(t) "\x41" t "\x76"
#define ODD(d, mask) d "\x73\x41" mask "\x71\x72"
#define TEST_OR(odd) "\x42\x00\x53" odd "\x04\x40"
#define TRAP_F "\x42\x7f" SET_F TRAP
#define COUNTED(rounds, c, odd) GET_F rounds "\x42" c "\x7e\x7d" SET_F GET_F TEST_OR(odd) TRAP_F
#define COUNTED_L(l, rounds, c, odd) "\x20" l rounds "\x42" c "\x7e\x7d\x22" l TEST_OR(odd) TRAP_F
#define DOWN "\x20\x00\x41\x00"    /* local 0 and 0: from the one down to the other */
#define DOWN_1 ROUNDS(DOWN "\x6b", "\x01", "")
#define STEP_1 "\x20\x00\x41\x7f\x6a\x22\x00\x0d\x00"
#define DOWN_4 ROUNDS(DOWN "\x6b", "\x04", SHIFT("\x02"))
#define STEP_4 "\x20\x00\x41\x7c\x6a\x22\x00\x0d\x00"
#define LOOP(body) "\x03\x40" body "\x0b"
#define END "\x0b"
#define NONE "\x00"            /* no locals */
#define ONE_L "\x01\x01\x7e"   /* one i64 */
#define T_AND_L "\x02\x01\x7f\x01\x7e"

/* type: 0 () -> (), 1 (i32) -> (i32) */
typedef struct Row {
    const char *name;
    uint8_t type;
    const char *body;
    size_t size;
    const char *finding; /* "" none; else the rule and words that it has */
} Row;
#define BODY(b) b, sizeof(b) - 1
static const Row rows[] = {
    {"an empty function costs its entry", 0, BODY(NONE CHARGE("\x02") END), ""},
    {"and not less", 0, BODY(NONE CHARGE("\x01") END), "P702 entering"},
    {"without a charge", 0, BODY(NONE END), "P702 left without"},
    {"more is forfeit", 0, BODY(NONE CHARGE("\x3f") END), ""},
    {"locals cost", 0, BODY(ONE_L CHARGE("\x02") END), "P702 entering"},
    {"each local", 0, BODY(ONE_L CHARGE("\x03") END), ""},
    {"instructions cost", 0, BODY(NONE CHARGE("\x04") "\x41\x00\x1a" END), ""},
    {"each of them", 0, BODY(NONE CHARGE("\x03") "\x41\x00\x1a" END), "P702 drop: 1 more"},
    {"code before the charge", 0, BODY(NONE "\x41\x00\x1a" CHARGE("\x08") END), "P702 before the first charge"},
    {"a second charge pays for what is behind it", 0, BODY(NONE CHARGE("\x02") CHARGE("\x02") "\x41\x00\x1a" END), ""},
    {"padded numbers", 0, BODY(NONE "\x23\x80\x00\x42\x82\x00\x7d" SET_F GET_F TEST TRAP END), ""},
    {"negative charge", 0, BODY(NONE CHARGE("\x7e") END), "P703 is no charge"},
    {"charge of nothing", 0, BODY(NONE CHARGE("\x00") END), "P703 is no charge"},
    {"charge of 2^31", 0, BODY(NONE CHARGE("\x80\x80\x80\x80\x08") END), "P703 is no charge"},
    {"charge of 2^31 - 1", 0, BODY(NONE CHARGE("\xff\xff\xff\xff\x07") END), ""},
    {"unsigned test", 0, BODY(NONE GET_F SUB("\x02") SET_F GET_F "\x42\x00\x54\x04\x40" TRAP END), "P703 is no charge"},
    {"test against 1", 0, BODY(NONE GET_F SUB("\x02") SET_F GET_F "\x42\x7f\x53\x04\x40" TRAP END), "P703 is no charge"},
    {"no trap", 0, BODY(NONE GET_F SUB("\x02") SET_F GET_F TEST "\x01\x0b" END), "P703 is no charge"},
    {"no test", 0, BODY(NONE GET_F SUB("\x02") SET_F END), "P703 is no charge"},
    {"added", 0, BODY(NONE GET_F "\x42\x02\x7c" SET_F GET_F TEST TRAP END), "P703 is no charge"},
    {"set", 0, BODY(NONE CHARGE("\x06") "\x42\x3f" SET_F END), "P703 writes the fuel"},
    {"read", 0, BODY(NONE CHARGE("\x06") GET_F "\x1a" END), "P703 reads the fuel"},
    {"set where nothing gets", 0, BODY(NONE CHARGE("\x06") "\x00" "\x42\x3f" SET_F END), "P703 writes the fuel"},

    /* paths */
    {"the dearest arm", 1, BODY(NONE CHARGE("\x07") "\x20\x00\x04\x40\x41\x00\x1a\x05\x01\x0b\x20\x00" END), ""},
    {"no arm less", 1, BODY(NONE CHARGE("\x06") "\x20\x00\x04\x40\x41\x00\x1a\x05\x01\x0b\x20\x00" END), "P702 local.get: 1 more"},
    {"an arm pays for itself", 1, BODY(NONE CHARGE("\x05") "\x20\x00\x04\x40" CHARGE("\x02") "\x41\x00\x1a\x0b\x20\x00" END), ""},
    {"not for what is behind it", 1, BODY(NONE CHARGE("\x04") "\x20\x00\x04\x40" CHARGE("\x03") "\x41\x00\x1a\x0b\x20\x00" END),
     "P702 local.get: 1 more"},
    {"a jump around the charge", 1, BODY(NONE CHARGE("\x04") "\x02\x40\x20\x00\x0d\x00" CHARGE("\x08") "\x0b\x20\x00" END),
     "P702 local.get: 1 more"},
    {"a jump over the charge in br_table", 1,
     BODY(NONE CHARGE("\x04") "\x02\x40\x02\x40\x20\x00\x0e\x01\x00\x01\x0b" CHARGE("\x08") "\x0b\x20\x00" END), "P702 local.get: 1 more"},
    {"nothing is asked where nothing gets", 0, BODY(NONE CHARGE("\x03") "\x00\x41\x00\x1a\x41\x00\x1a" END), ""},
    {"values that a branch carries", 1, BODY(NONE CHARGE("\x05") "\x20\x00\x0c\x00" END), ""},
    {"cost", 1, BODY(NONE CHARGE("\x04") "\x20\x00\x0c\x00" END), "P702 br: 1 more"},
    {"division", 1, BODY(NONE CHARGE("\x0a") "\x20\x00\x20\x00\x6e" END), ""},
    {"is dear", 1, BODY(NONE CHARGE("\x09") "\x20\x00\x20\x00\x6e" END), "P702 i32.div_u: 1 more"},
    {"a call", 0, BODY(NONE CHARGE("\x05") "\x10\x00" END), ""},
    {"costs three", 0, BODY(NONE CHARGE("\x04") "\x10\x00" END), "P702 call: 1 more"},
    {"its values too", 1, BODY(NONE CHARGE("\x07") "\x20\x00\x10\x00" END), "P702 call: 1 more"},

    /* loops */
    {"each time around", 0, BODY(NONE CHARGE("\x02") "\x03\x40" CHARGE("\x01") "\x0c\x00\x0b" END), ""},
    {"not once", 0, BODY(NONE CHARGE("\x3f") "\x03\x40\x0c\x00\x0b" END), "P702 br: 1 more"},
    {"a loop that is left at its end", 0, BODY(NONE CHARGE("\x02") "\x03\x40\x0b" CHARGE("\x02") "\x41\x00\x1a" END), ""},
    {"what was left before a loop is forfeit", 0, BODY(NONE CHARGE("\x20") "\x03\x40\x0b\x41\x00\x1a" END), "P702 i32.const"},
    {"out of a loop with what it paid", 1, BODY(NONE CHARGE("\x02") "\x02\x40\x03\x40" CHARGE("\x03") "\x20\x00\x0d\x01\x0c\x00\x0b\x0b\x20\x00" END), ""},
    {"and no more", 1, BODY(NONE CHARGE("\x02") "\x02\x40\x03\x40" CHARGE("\x03") "\x20\x00\x0d\x01\x0c\x00\x0b\x0b\x20\x00\x1a\x20\x00" END), "P702 drop: 1 more"},
    {"a loop before any charge", 0, BODY(NONE "\x03\x40" CHARGE("\x04") "\x0b" END), "P702 a loop before"},

    /* counted loops: the step costs 5 */
    {"a counted loop", 1, BODY(NONE CHARGE("\x02") COUNTED(DOWN_1, "\x06", "") LOOP(STEP_1) "\x20\x00" END), ""},
    {"each time around costs", 1, BODY(NONE CHARGE("\x03") COUNTED(DOWN_1, "\x04", "") LOOP(STEP_1) CHARGE("\x01") "\x20\x00" END), "P702 br_if: 1 more"},
    {"by fours", 1, BODY(NONE CHARGE("\x02") COUNTED(DOWN_4, "\x06", ODD(DOWN, "\x03")) LOOP(STEP_4) "\x20\x00" END), ""},
    {"that may miss the end", 1, BODY(NONE CHARGE("\x02") COUNTED(DOWN_4, "\x06", "") LOOP(STEP_4) "\x20\x00" END), "P703 reads the fuel"},
    {"not looked at closely", 1, BODY(NONE CHARGE("\x02") COUNTED(DOWN_4, "\x06", ODD(DOWN, "\x01")) LOOP(STEP_4) "\x20\x00" END), "P703 reads the fuel"},
    {"a step of another size", 1, BODY(NONE CHARGE("\x02") COUNTED(DOWN_4, "\x06", ODD(DOWN, "\x03")) LOOP(STEP_1) "\x20\x00" END), "P702 changes"},
    {"a stride of 3", 1, BODY(NONE CHARGE("\x02") COUNTED(ROUNDS(DOWN "\x6b", "\x03", ""), "\x06", "") LOOP("\x20\x00\x41\x7d\x6a\x22\x00\x0d\x00") "\x20\x00" END), "P703 reads the fuel"},
    {"shifted too far", 1, BODY(NONE CHARGE("\x02") COUNTED(ROUNDS(DOWN "\x6b", "\x04", SHIFT("\x03")), "\x06", ODD(DOWN, "\x03")) LOOP(STEP_4) "\x20\x00" END), "P703 reads the fuel"},
    {"once too few", 1, BODY(NONE CHARGE("\x02") GET_F DOWN "\x6b\x41\x01\x6b\xad\x42\x00\x7c\x42\x06\x7e\x7d" SET_F GET_F TEST TRAP_F LOOP(STEP_1) "\x20\x00" END), "P703 reads the fuel"},
    {"the other way", 1, BODY(NONE CHARGE("\x02") COUNTED(ROUNDS("\x41\x00\x20\x00\x6b", "\x01", ""), "\x06", "") LOOP(STEP_1) "\x20\x00" END), "P702 changes"},
    {"up to 64", 1, BODY(NONE CHARGE("\x02") COUNTED(ROUNDS("\x41\xc0\x00\x20\x00\x6b", "\x01", ""), "\x08", "") LOOP("\x20\x00\x41\x01\x6a\x22\x00\x41\xc0\x00\x47\x0d\x00") "\x20\x00" END), ""},
    {"up to 64, which stands first", 1, BODY(NONE CHARGE("\x02") COUNTED(ROUNDS("\x41\xc0\x00\x20\x00\x6b", "\x01", ""), "\x08", "") LOOP("\x41\xc0\x00\x20\x00\x41\x01\x6a\x22\x00\x47\x0d\x00") "\x20\x00" END), ""},
    {"up to 65", 1, BODY(NONE CHARGE("\x02") COUNTED(ROUNDS("\x41\xc0\x00\x20\x00\x6b", "\x01", ""), "\x08", "") LOOP("\x20\x00\x41\x01\x6a\x22\x00\x41\xc1\x00\x47\x0d\x00") "\x20\x00" END), "P702 changes"},
    {"while less", 1, BODY(NONE CHARGE("\x02") COUNTED(ROUNDS("\x41\xc0\x00\x20\x00\x6b", "\x01", ""), "\x08", "") LOOP("\x20\x00\x41\x01\x6a\x22\x00\x41\xc0\x00\x49\x0d\x00") "\x20\x00" END), "P702 changes"},
    {"until it is reached", 1, BODY(NONE CHARGE("\x02") COUNTED(ROUNDS("\x41\xc0\x00\x20\x00\x6b", "\x01", ""), "\x08", "") LOOP("\x20\x00\x41\x01\x6a\x22\x00\x41\xc0\x00\x46\x0d\x00") "\x20\x00" END), "P702 changes"},
    {"the counter is set back", 1, BODY(NONE CHARGE("\x02") COUNTED(DOWN_1, "\x10", "") LOOP("\x41\x09\x21\x00" STEP_1) "\x20\x00" END), "P702 changes"},
    {"the counter is set back in a block", 1, BODY(NONE CHARGE("\x02") COUNTED(DOWN_1, "\x10", "") LOOP("\x02\x40\x41\x09\x22\x00\x1a\x0b" STEP_1) "\x20\x00" END), "P702 changes"},
    {"the counter is set where nothing gets", 1, BODY(NONE CHARGE("\x02") COUNTED(DOWN_1, "\x10", "") LOOP(STEP_1 "\x00\x41\x09\x21\x00") "\x20\x00" END), ""},
    {"two steps", 1, BODY(NONE CHARGE("\x02") COUNTED(DOWN_1, "\x20", "") LOOP(STEP_1 STEP_1) "\x20\x00" END), "P702 changes"},
    {"back without the step", 1, BODY(NONE CHARGE("\x02") COUNTED(DOWN_1, "\x20", "") LOOP("\x20\x00\x0d\x00" STEP_1) "\x20\x00" END), "P702 without its step"},
    {"back behind the step", 1, BODY(NONE CHARGE("\x02") COUNTED(DOWN_1, "\x20", "") LOOP(STEP_1 "\x0c\x00") "\x20\x00" END), "P702 without its step"},
    {"a step that is jumped around", 1, BODY(NONE CHARGE("\x02") COUNTED(DOWN_1, "\x20", "") LOOP("\x02\x40\x20\x00\x0d\x00" STEP_1 "\x0b") CHARGE("\x01") "\x20\x00" END), "P702"},
    {"another loop in between", 1, BODY(NONE CHARGE("\x02") COUNTED(DOWN_1, "\x06", "") LOOP("") LOOP(STEP_1) "\x20\x00" END), "P702 local.get"},
    {"a block in between", 1, BODY(NONE CHARGE("\x02") COUNTED(DOWN_1, "\x06", "") "\x02\x40" LOOP(STEP_1) "\x0b\x20\x00" END), "P702 local.get"},
    {"one in another", 1, BODY(NONE CHARGE("\x02") COUNTED(DOWN_1, "\x20", "") LOOP(COUNTED(DOWN_1, "\x20", "") LOOP(STEP_1) CHARGE("\x06") STEP_1) "\x20\x00" END), "P702 within another"},
    {"a loop in a counted one", 1, BODY(NONE CHARGE("\x02") COUNTED(DOWN_1, "\x01", "") LOOP("\x03\x40\x0b" CHARGE("\x05") STEP_1) CHARGE("\x01") "\x20\x00" END), ""},
    {"one after another", 1, BODY(NONE CHARGE("\x02") COUNTED(DOWN_1, "\x05", "") LOOP(STEP_1) COUNTED(DOWN_1, "\x06", "") LOOP(STEP_1) "\x20\x00" END), ""},
    {"in the local", 1, BODY(ONE_L LOAD_IN_L("\x01", "\x03") COUNTED_L("\x01", DOWN_1, "\x06", "") LOOP(STEP_1) "\x20\x00" STORE("\x01") END), ""},
    {"in the local, which is not loaded", 1, BODY(ONE_L CHARGE("\x03") COUNTED_L("\x01", DOWN_1, "\x06", "") LOOP(STEP_1) "\x20\x00" END), "P702 where the gauge is not right"},
    {"in the global, while it is in the local", 1, BODY(ONE_L LOAD_IN_L("\x01", "\x03") COUNTED(DOWN_1, "\x06", "") LOOP(STEP_1) "\x20\x00" STORE("\x01") END), "P702 where the gauge is not right"},
    {"is not told of", 1, BODY(NONE CHARGE("\x02") GET_F DOWN_1 "\x42\x06\x7e\x7d" SET_F GET_F TEST "\x42\x00" SET_F TRAP LOOP(STEP_1) "\x20\x00" END), "P703 reads the fuel"},
    {"for nothing", 1, BODY(NONE CHARGE("\x02") COUNTED(DOWN_1, "\x00", "") LOOP(STEP_1) "\x20\x00" END), "P703 reads the fuel"},
    {"a counter that is its own end", 1, BODY(NONE CHARGE("\x02") COUNTED(ROUNDS("\x20\x00\x20\x00\x6b", "\x01", ""), "\x08", "") LOOP("\x20\x00\x41\x7f\x6a\x22\x00\x20\x00\x47\x0d\x00") "\x20\x00" END), "P703 reads the fuel"},

    /* in a local */
    {"in a local", 0, BODY(ONE_L LOAD_IN_L("\x00", "\x03") STORE("\x00") END), ""},
    {"never stored", 0, BODY(ONE_L LOAD_IN_L("\x00", "\x03") END), "P702 left while the gauge is in a local"},
    {"loaded, then charged", 0, BODY(ONE_L LOAD("\x00") IN_L("\x00", "\x03") STORE("\x00") END), ""},
    {"charged without load", 0, BODY(ONE_L IN_L("\x00", "\x03") STORE("\x00") END), "P702 in the global"},
    {"stored without load", 0, BODY(ONE_L CHARGE("\x03") STORE("\x00") END), "P702 in the global"},
    {"global while in the local", 0, BODY(ONE_L LOAD_IN_L("\x00", "\x03") CHARGE("\x03") END), "P702 in a local"},
    {"loaded back", 0, BODY(ONE_L LOAD_IN_L("\x00", "\x03") LOAD("\x00") STORE("\x00") END), "P702 in a local"},
    {"call while in the local", 0, BODY(ONE_L LOAD_IN_L("\x00", "\x06") "\x10\x00" STORE("\x00") END), "P702 in a local"},
    {"call after store, stale after it", 0, BODY(ONE_L LOAD_IN_L("\x00", "\x06") STORE("\x00") "\x10\x00" STORE("\x00") END), "P702 in the global"},
    {"call between store and load", 0, BODY(ONE_L LOAD_IN_L("\x00", "\x06") STORE("\x00") "\x10\x00" LOAD("\x00") IN_L("\x00", "\x02") STORE("\x00") END), ""},
    {"L is written", 0, BODY(ONE_L LOAD_IN_L("\x00", "\x09") "\x42\x3f\x21\x00" STORE("\x00") END), "P703 uses the local"},
    {"L is read", 0, BODY(ONE_L LOAD_IN_L("\x00", "\x09") "\x20\x00\x1a" STORE("\x00") END), "P703 uses the local"},
    {"any i64 may be used where L is not", 0, BODY(ONE_L CHARGE("\x05") "\x20\x00\x1a" END), ""},
    {"a parameter is no L", 2, BODY(NONE LOAD_IN_L("\x00", "\x09") STORE("\x00") END), "P703 is no charge"},
    {"only the last local is L", 0, BODY("\x01\x02\x7e" LOAD_IN_L("\x00", "\x09") STORE("\x00") END), "P703 is no charge"},
    {"loop in the local", 0, BODY(ONE_L LOAD_IN_L("\x00", "\x03") "\x03\x40" IN_L("\x00", "\x01") "\x0c\x00\x0b" STORE("\x00") END), ""},
    {"loop in the local, left", 1, BODY(ONE_L LOAD_IN_L("\x01", "\x05") "\x03\x40" IN_L("\x01", "\x02") "\x20\x00\x0d\x00\x0b" IN_L("\x01", "\x01") "\x20\x00" STORE("\x01") END), ""},
    {"back with the gauge elsewhere", 1, BODY(ONE_L LOAD_IN_L("\x01", "\x05") "\x03\x40" IN_L("\x01", "\x05") STORE("\x01") CHARGE("\x02") "\x20\x00\x0d\x00\x0b\x20\x00" END),
     "P702 a branch back with the gauge elsewhere"},
    {"arms that differ", 1, BODY(ONE_L CHARGE("\x06") "\x20\x00\x04\x40" LOAD_IN_L("\x01", "\x01") "\x0b" "\x20\x00" CHARGE("\x01") END),
     "P702 in a local"},
    {"out of fuel without telling the host", 0, BODY(ONE_L GET_F SUB("\x03") "\x22\x00" TEST TRAP STORE("\x00") END), "P703 is no charge"},

    /* by size */
    {"memory.grow", 1, BODY("\x01\x01\x7f" CHARGE("\xe8\x00") "\x20\x00" BY_SIZE("\x01", "\x80\x20", MUL) "\x40\x00" END), ""},
    {"its pages for nothing", 1, BODY(NONE CHARGE("\xff\x3f") "\x20\x00\x40\x00" END), "P702 whose size is not paid"},
    {"its pages too cheap", 1, BODY("\x01\x01\x7f" CHARGE("\xe8\x00") "\x20\x00" BY_SIZE("\x01", "\xff\x1f", MUL) "\x40\x00" END), "P702 whose size is not paid"},
    {"shifted where a product is due", 1, BODY("\x01\x01\x7f" CHARGE("\xe8\x00") "\x20\x00" BY_SIZE("\x01", "\x80\x20", SHR) "\x40\x00" END),
     "P702 whose size is not paid"},
    {"another operand", 1, BODY("\x01\x01\x7f" CHARGE("\xff\x00") "\x41\x00" BY_SIZE("\x01", "\x80\x20", MUL) "\x1a\x20\x00\x40\x00" END),
     "P702 whose size is not paid"},
    {"another local", 1, BODY("\x01\x01\x7f" CHARGE("\xe8\x00") "\x20\x00\x22\x01" GET_F SCALED("\x00", "\x80\x20", MUL) SET_F GET_F TEST TRAP "\x40\x00" END),
     "P70"},
    {"signed size", 1, BODY("\x01\x01\x7f" CHARGE("\xe8\x00") "\x20\x00\x22\x01" GET_F "\x20\x01\xac\x42\x80\x20\x7e\x7d" SET_F GET_F TEST TRAP "\x40\x00" END), "P70"},
    {"memory.fill in the local", 1, BODY(T_AND_L LOAD_IN_L("\x02", "\x12") "\x20\x00\x20\x00\x20\x00" BY_SIZE_L("\x01", "\x02", "\x04", SHR) "\xfc\x0b\x00\x20\x00" STORE("\x02") END), ""},
    {"memory.copy", 1, BODY("\x01\x01\x7f" CHARGE("\x11") "\x20\x00\x20\x00\x20\x00" BY_SIZE("\x01", "\x04", SHR) "\xfc\x0a\x00\x00\x20\x00" END), ""},
    {"half the rate", 1, BODY("\x01\x01\x7f" CHARGE("\x11") "\x20\x00\x20\x00\x20\x00" BY_SIZE("\x01", "\x05", SHR) "\xfc\x0a\x00\x00\x20\x00" END), "P702 whose size"},
};

static void write_module(Writer *w, const Row *row, const PmSection *pm, const char *export, uint8_t mutable)
{
    write_header(w);
    if (pm) pm_write(w, pm);
    size_t mark = begin_section(w, SEC_TYPE);
    wr_u32(w, 3);
    write_func_type(w, "", "");
    write_func_type(w, "i", "i");
    write_func_type(w, "I", "");
    wr_end_size(w, mark);
    mark = begin_section(w, SEC_FUNCTION);
    wr_u32(w, 1);
    wr_u32(w, row->type);
    wr_end_size(w, mark);
    mark = begin_section(w, SEC_MEMORY);
    wr_bytes(w, "\1\0\1", 3);
    wr_end_size(w, mark);
    mark = begin_section(w, SEC_GLOBAL);
    wr_bytes(w, "\2\x7e", 2);
    wr_byte(w, mutable);
    wr_bytes(w, "\x42\0\x0b\x7e\0\x42\0\x0b", 8);
    wr_end_size(w, mark);
    mark = begin_section(w, SEC_EXPORT);
    wr_u32(w, 1);
    wr_name(w, (Str){export, strlen(export)});
    wr_byte(w, KIND_GLOBAL);
    wr_u32(w, 0);
    wr_end_size(w, mark);
    mark = begin_section(w, SEC_CODE);
    wr_u32(w, 1);
    wr_u32(w, (uint32_t)row->size);
    wr_bytes(w, row->body, row->size);
    wr_end_size(w, mark);
    write_trailer(w);
}

static const PmSection metered = {.has_globals = true, .fuel = 1, .has_meter = true, .meter_kind = 1, .meter_prices = WASM_PRICES};

/* The first finding of P7xx as "P702 words", or "". */
static void find(const Writer *w, const ValPolicy *policy, TextBuf *out)
{
    Arena arena = {0};
    Diags diags = {0};
    ValReport report;
    bool ok = val_module(&arena, w->ptr, w->len, "m.wasm", &(ValOptions){.policy = policy}, &diags, &report);
    text_printf(out, "%s", ok || report.valid ? "" : "not valid");
    for (size_t i = 0; i < diags.n && out->len == 0; i++)
        if (diags.items[i].code >= P701 && diags.items[i].code <= P703)
            text_printf(out, "%s %s", diag_code_text(diags.items[i].code), diags.items[i].text);
    diag_free(&diags);
    arena_free(&arena);
}

static void check(const Row *row, const PmSection *pm, const char *export, uint8_t mutable, const char *expected)
{
    Writer w = {0};
    TextBuf found = {0};
    write_module(&w, row, pm, export, mutable);
    find(&w, val_builtin_policy(STR("reset")), &found);
    const char *text = found.ptr ? found.ptr : "";
    bool rule = strncmp(text, expected, expected[0] ? 3 : 1) == 0;
    bool words = strlen(expected) < 5 || strstr(text, expected + 5);
    ck_assert_msg(expected[0] ? rule && words : text[0] == 0, "%s: \"%s\" instead of \"%s\"", row->name, text, expected);
    text_free(&found);
    wr_free(&w);
}

START_TEST(bodies) { check(&rows[_i], &metered, "parigot:fuel", 1, rows[_i].finding); }
END_TEST

START_TEST(records)
{
    static const Row fine = {"record", 0, BODY(NONE CHARGE("\x02") END), ""};
    PmSection pm = metered;
    check(&fine, &pm, "fuel", 1, "P703 second name");
    pm.fuel = 2;
    check(&fine, &pm, "parigot:fuel", 1, "P703 no mutable i64 global");
    pm.fuel = 7;
    check(&fine, &pm, "parigot:fuel", 1, "P703 no mutable i64 global");
    pm = metered;
    pm.meter_prices = 2;
    check(&fine, &pm, "parigot:fuel", 1, "P703 price table");
    pm = metered;
    pm.has_meter = false;
    check(&fine, &pm, "parigot:fuel", 1, "P703 no record of the meter");
    pm = metered;
    pm.fuel = 0;
    check(&fine, &pm, "parigot:fuel", 1, "P703 but no fuel");
    check(&fine, NULL, "parigot:fuel", 1, "");
}
END_TEST

/* Where a policy asks for a meter, none is a finding. */
START_TEST(asked_for)
{
    static const Row plain = {"plain", 0, BODY(NONE END), ""};
    ValPolicy p = *val_builtin_policy(STR("none"));
    p.rules[RULE_P701].violated = VAL_ERROR;
    Writer w = {0};
    TextBuf found = {0};
    write_module(&w, &plain, NULL, "x", 1);
    find(&w, &p, &found);
    ck_assert_msg(found.ptr && strstr(found.ptr, "P701 no meter"), "%s", found.ptr);
    text_free(&found);
    wr_free(&w);
}
END_TEST

/* Every change of one byte of a body that is let through is found, or leaves a module that is not valid, or one that
 * pays no less: those charge more, or do the same. What must never pass: a charge that is lower, a test that is gone. */
START_TEST(lowered)
{
    const Row *row = &rows[_i];
    if (row->finding[0]) return;
    for (size_t at = 0; at + 2 < row->size; at++) {
        if (row->body[at] != 0x42 || row->body[at + 2] != 0x7d) continue; /* i64.const c, i64.sub */
        char body[256];
        ck_assert_uint_lt(row->size, sizeof body);
        memcpy(body, row->body, row->size);
        body[at + 1]--;
        Row lower = {row->name, row->type, body, row->size, ""};
        Writer w = {0};
        TextBuf found = {0};
        write_module(&w, &lower, &metered, "parigot:fuel", 1);
        find(&w, val_builtin_policy(STR("reset")), &found);
        bool forfeits = strstr(row->name, "more is forfeit") || strstr(row->name, "in the local") || strstr(row->name, "pays for") ||
                        strstr(row->name, "call between");
        ck_assert_msg(forfeits || (found.ptr && found.ptr[0]), "%s: byte %zu", row->name, at);
        text_free(&found);
        wr_free(&w);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("validator_fuel");
    TCase *t = tcase_create("all");
    suite_add_tcase(s, t);
    tcase_add_loop_test(t, bodies, 0, ARRAY_LEN(rows));
    tcase_add_loop_test(t, lowered, 0, ARRAY_LEN(rows));
    tcase_add_test(t, records);
    tcase_add_test(t, asked_for);
    return run_tap(s);
}
