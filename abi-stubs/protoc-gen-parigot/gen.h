/* gen.h: the protoc plug-in that writes C for guests. main.c reads protoc's request, model.c names everything
 * and refuses what cannot be, emit_header.c and emit_source.c write the three files that each .proto becomes.
 * What a program sees of the result: docs/abi.md; what the generated code calls: include/parigot/generated.h.
 */
#ifndef PARIGOT_GEN_H
#define PARIGOT_GEN_H
#include "google/protobuf/compiler/plugin.pb-c.h"
#include "google/protobuf/descriptor.pb-c.h"
#include "wasm/wasm.h"

typedef Google__Protobuf__Compiler__CodeGeneratorRequest Request;
typedef Google__Protobuf__Compiler__CodeGeneratorResponse Response;
typedef Google__Protobuf__Compiler__CodeGeneratorResponse__File OutFile;
typedef Google__Protobuf__FileDescriptorProto FileProto;
typedef Google__Protobuf__DescriptorProto MessageProto;
typedef Google__Protobuf__FieldDescriptorProto FieldProto;
typedef Google__Protobuf__OneofDescriptorProto OneofProto;
typedef Google__Protobuf__EnumDescriptorProto EnumProto;
typedef Google__Protobuf__ServiceDescriptorProto ServiceProto;
typedef Google__Protobuf__MethodDescriptorProto MethodProto;
typedef Google__Protobuf__SourceCodeInfo__Location Location;

typedef struct File File;
typedef struct Type Type;

/* Where something stands in its file: the path of descriptor.proto's SourceCodeInfo. */
typedef struct Path {
    const int32_t *step;
    size_t len;
} Path;

typedef struct Field {
    const FieldProto *proto;
    const char *c_name; /* the member: escaped if it is a word of C */
    const char *c_path; /* how the struct reaches it: "name", or "kind.name" in a oneof */
    const Type *type;   /* message or enum */
    int oneof;          /* index of a real oneof, or -1 */
    bool has;           /* `optional` scalar: has_<name> */
    bool list, packed, map;
    const char *comment;
} Field;

typedef struct Oneof {
    const char *name, *c_name;
    const char *c_enum; /* the enum of its cases */
    const char *comment;
} Oneof;

/* A message or an enum of any file of the request. */
struct Type {
    const char *full_name; /* with the dot in front, as references have it */
    const char *c_name;
    const char *c_scope; /* an enum's values are named c_scope_VALUE */
    const File *file;
    const MessageProto *message;
    const EnumProto *enumeration;
    bool map_entry;
    Field *fields; /* by number */
    size_t n_fields;
    Oneof *oneofs; /* without those that `optional` makes */
    size_t n_oneofs;
    const char *comment;
    Path path;
};

typedef struct Method {
    const MethodProto *proto;
    const char *c_name;
    const Type *request, *reply;
    const char *comment;
} Method;

typedef struct Service {
    const ServiceProto *proto;
    const char *full_name;
    const char *comment;
    Method *methods;
    size_t n_methods;
    bool flat; /* the kernel's: called with plain numbers */
    bool host; /* of package parigot: nobody may serve it */
} Service;

struct File {
    const FileProto *proto;
    const char *stem; /* the name without ".proto" */
    bool generate;
    Type **types; /* in file order, messages before their nested ones */
    size_t n_types;
    Service *services;
    size_t n_services;
    const Location **places; /* by path */
    size_t n_places;
};

typedef struct Gen {
    Arena arena;
    TextBuf errors; /* for the user, a line each: file:line:column: text */
    File *files;
    size_t n_files;
    Type **types; /* of all files, by full name */
    size_t n_types, cap_types;
    struct Identifier *identifiers;
    size_t n_identifiers, cap_identifiers;
} Gen;

/* ---- answer.c --------------------------------------------------------------------------------------------
 */

/* Fills in the answer, which was initialised; its parts belong to gen. gen->errors.failed: out of memory. */
void gen_answer(Gen *, const Request *, Response *);
void gen_free(Gen *, Response *);

/* ---- model.c ----------------------------------------------------------------------------------------- */

/* Fills in gen->files from protoc's request. Everything that is wrong goes to gen->errors. */
void gen_build(Gen *, const Request *);

/* ---- names.c ----------------------------------------------------------------------------------------- */

/* "a.b.C" (a dot in front is passed over) to "a_b_C". */
const char *gen_c_name(Gen *, const char *full_name);
/* A member's name: as it is, or with _ behind it when C or C++ has that word already. */
const char *gen_member_name(Gen *, const char *name);
/* Notes that `name` is a name of the generated code, because of `owner` (as in an error message).
 * gen_check_names, when all were noted: an error for each that two have. */
void gen_note_name(Gen *, const char *name, const File *file, const Path *path, const char *owner);
void gen_check_names(Gen *);

/* ---- places in .proto files, comments: place.c ------------------------------------------------------- */

void gen_index_places(Gen *, File *);
const Location *gen_place(const File *, const Path *);
/* One line for the user, with the place in front. path may be NULL. */
void gen_error(Gen *, const File *, const Path *, const char *format, ...) PRINTF(4, 5);
/* The comment in front of something, as the lines of a C comment, or NULL. */
const char *gen_comment(Gen *, const File *, const Path *);
Path gen_path(Gen *, const Path *base, int32_t kind, size_t index); /* base NULL: the file */

/* ---- emit_header.c, emit_source.c -------------------------------------------------------------------- */

void gen_header(const Gen *, const File *, TextBuf *);
void gen_source(const Gen *, const File *, TextBuf *);
void gen_serve(const Gen *, const File *, TextBuf *);

/* What both write. */
const char *gen_reply_verb(const Method *);    /* "reply" or "piece" */
void gen_done_type(TextBuf *, const Method *); /* greeting_v1_HelloReply_done */
bool gen_is_first_reply(const File *, const Service *,
                        const Method *); /* no method before has that reply type */
#endif
