/* A list on memory of its own: nodes are made, put in order, turned around. Stores of pointers through pointers. */
typedef struct Node {
    struct Node *next;
    unsigned key, value[2];
} Node;

static Node *insert(Node *head, Node *node)
{
    Node **at = &head;
    for (unsigned steps = 0; *at && (*at)->key < node->key && steps < 64; steps++) at = &(*at)->next;
    node->next = *at;
    *at = node;
    return head;
}

static Node *reverse(Node *list)
{
    Node *done = 0;
    while (list) {
        Node *next = list->next;
        list->next = done;
        done = list;
        list = next;
    }
    return done;
}

int run(int rounds)
{
    enum { NODES = 4096 };
    Node *nodes = (Node *)(__builtin_wasm_memory_grow(0, NODES * sizeof(Node) / 65536 + 1) * 65536);
    unsigned seed = 1, sum = 0;
    for (int r = 0; r < rounds; r++) {
        Node *list = 0;
        for (int i = 0; i < NODES; i++) {
            nodes[i].key = (seed = seed * 1103515245 + 12345) >> 16;
            nodes[i].value[0] = seed;
            nodes[i].value[1] = (unsigned)i;
            list = insert(list, &nodes[i]);
        }
        for (int k = 0; k < 8; k++) list = reverse(list);
        for (Node *n = list; n; n = n->next) sum = sum * 31 + n->key + n->value[1];
    }
    return (int)sum;
}
