/* Bytes in a row, nested counted loops. */
#define LIMIT 1000000
static unsigned char composite[LIMIT];
int run(int n)
{
    int primes = 0;
    for (int round = 0; round < n; round++) {
        primes = 0;
        for (int i = 0; i < LIMIT; i++) composite[i] = 0;
        for (int i = 2; i < LIMIT; i++) {
            if (composite[i]) continue;
            primes++;
            for (int j = i + i; j < LIMIT; j += i) composite[j] = 1;
        }
    }
    return primes;
}
