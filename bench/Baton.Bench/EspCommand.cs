using Baton.Crypto;
using Baton.Esp;

namespace Baton.Bench;

/// <summary>bench/run-esp: the table, and whether the bars hold.</summary>
internal static class EspCommand
{
    private static readonly EspSuite[] Suites = [EspSuite.AesGcm128, EspSuite.AesGcm256, EspSuite.ChaCha20Poly1305];

    /// <summary>The bar of a whole step above the bare call with ipsec-mb and AES-128-GCM, in nanoseconds.</summary>
    private static double Bar(int bytes) => bytes <= 200 ? 35 : 60;

    public static int Run(string[] args)
    {
        int rounds = args.Length > 0 ? int.Parse(args[0], System.Globalization.CultureInfo.InvariantCulture) : 5_000;
        Console.WriteLine($"ciphers of this process: {CipherProvider.Name} ({CipherProvider.Reason})");
        Console.WriteLine($"nanoseconds a packet, medians of {rounds} interleaved rounds of 64 packets; in brackets: above the bare call; forged: times a good one");
        Console.WriteLine();
        Console.WriteLine("library   suite               bytes | bare seal  step          batch         | bare open  step          batch         | forged  of the next 2^32");
        bool held = true;
        foreach (CipherLibrary library in Enum.GetValues<CipherLibrary>().Reverse())
        {
            if (!CipherProvider.IsAvailable(library, out string reason))
            {
                Console.WriteLine($"{library}: {reason}");
                continue;
            }

            foreach (EspSuite suite in Suites)
            {
                foreach (int bytes in new[] { 200, 1_400 })
                    held &= Row(library, suite, bytes, rounds);
            }
        }

        Console.WriteLine();
        Console.WriteLine(held
            ? "bar: a step with ipsec-mb and AES-128-GCM is within +35 ns (200 B) and +60 ns (1,400 B) of the bare call"
            : "bar MISSED: a step with ipsec-mb and AES-128-GCM is above the bare call by more than 35 ns (200 B) or 60 ns (1,400 B)");
        SaMemory.Print();
        return held ? 0 : 1;
    }

    private static bool Row(CipherLibrary library, EspSuite suite, int bytes, int rounds)
    {
        using var cases = new EspRounds(library, suite, bytes);
        double[] ns = cases.Measure(rounds);
        string Beside(int i, int bare) => $"{ns[i],6:F1} ({ns[i] - ns[bare],+5:+0.0;-0.0})";
        Console.WriteLine(
            $"{library,-9} {suite,-18} {bytes,6} | {ns[0],9:F1}  {Beside(1, 0)} {Beside(2, 0)} | {ns[3],9:F1}  {Beside(4, 3)} {Beside(5, 3)} | {ns[6] / ns[5],5:F2}   {ns[7] / ns[5],5:F2}");
        return library != CipherLibrary.IpsecMb || suite != EspSuite.AesGcm128
            || new[] { ns[1] - ns[0], ns[2] - ns[0], ns[4] - ns[3], ns[5] - ns[3] }.Max() <= Bar(bytes);
    }
}
