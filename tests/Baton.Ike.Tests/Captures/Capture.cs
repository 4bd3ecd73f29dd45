using System.Globalization;
using Baton.Crypto.Ike;

namespace Baton.Ike.Tests.Captures;

/// <summary>An IKE SA of a capture with the secrets that one end wrote down.</summary>
internal sealed record CapturedSa(ulong InitiatorSpi, ulong ResponderSpi, Dictionary<string, byte[]> Secrets)
{
    public byte[] Secret(string name) => Secrets.GetValueOrDefault(name, []);
}

/// <summary>A negotiation between two charons: every datagram in order, and the secrets. README.md beside it says how it was made.</summary>
internal sealed class Capture
{
    private Capture(string name)
    {
        CapturedSa? current = null;
        foreach (string line in File.ReadLines(Path.Combine(Folder(), name + ".txt")))
        {
            string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            switch (words)
            {
                case ["suite", var encryption, var bits, var integrity]:
                    Suite = new IkeCipherSuite((EncryptionAlgorithm)Number(encryption), Number(bits), (IntegrityAlgorithm)Number(integrity));
                    break;
                case ["prf", var prf]:
                    Prf = (PrfAlgorithm)Number(prf);
                    break;
                case ["shared" or "ca" or "sub", var hex]:
                    Files[words[0]] = Convert.FromHexString(hex);
                    break;
                case ["sa", var spis]:
                    current = new CapturedSa(ulong.Parse(spis[..16], NumberStyles.HexNumber), ulong.Parse(spis[16..], NumberStyles.HexNumber), []);
                    Sas.Add(current);
                    break;
                case ["a" or "b", var hex]:
                    Datagrams.Add((words[0] == "a", Convert.FromHexString(hex)));
                    break;
                case [var secret, var hex] when secret != "#":
                    current!.Secrets[secret] = Convert.FromHexString(hex);
                    break;
            }
        }
    }

    public IkeCipherSuite Suite { get; }

    public PrfAlgorithm Prf { get; }

    public Dictionary<string, byte[]> Files { get; } = [];

    public List<CapturedSa> Sas { get; } = [];

    /// <summary>From the end that began, or from the other.</summary>
    public List<(bool FromA, byte[] Bytes)> Datagrams { get; } = [];

    public static Capture Load(string name) => new(name);

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private static string Folder([System.Runtime.CompilerServices.CallerFilePath] string here = "") =>
        Path.Combine(AppContext.BaseDirectory, "Captures") is var copied && Directory.Exists(copied) ? copied : Path.GetDirectoryName(here)!;
}
