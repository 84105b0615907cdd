/* Floats, three nested loops. */
enum { SIZE = 200 };
static double a[SIZE][SIZE], b[SIZE][SIZE], c[SIZE][SIZE];
int run(int n)
{
    for (int i = 0; i < SIZE; i++)
        for (int j = 0; j < SIZE; j++) {
            a[i][j] = (i * 7 + j) % 13 * 0.25;
            b[i][j] = (i + j * 5) % 11 * 0.5;
        }
    double sum = 0;
    for (int round = 0; round < n; round++)
        for (int i = 0; i < SIZE; i++)
            for (int j = 0; j < SIZE; j++) {
                double s = 0;
                for (int k = 0; k < SIZE; k++) s += a[i][k] * b[k][j];
                c[i][j] = s;
                sum += s;
            }
    return (int)(long long)sum;
}
