/* Floats in registers, a loop with two ways out. */
int run(int n)
{
    int inside = 0;
    for (int py = 0; py < n; py++)
        for (int px = 0; px < n; px++) {
            double cr = 3.0 * px / n - 2.0, ci = 2.0 * py / n - 1.0, zr = 0, zi = 0;
            int i = 0;
            while (i < 200 && zr * zr + zi * zi < 4.0) {
                double t = zr * zr - zi * zi + cr;
                zi = 2 * zr * zi + ci;
                zr = t;
                i++;
            }
            inside += i;
        }
    return inside;
}
