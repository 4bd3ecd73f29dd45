using Baton.Crypto.Ike;
using Baton.Ike.Negotiation;

namespace Baton.Cluster.Configuration;

/// <summary>Proposals as people write them: <c>aes256gcm16-prfsha384-ecp384</c>. Several words of one kind are choices, the best first.</summary>
/// <remarks>What RFC 8221 and RFC 8247 call weak has no word here.</remarks>
public static class ProposalText
{
    private static readonly Dictionary<string, Cipher> Ciphers = new()
    {
        ["aes128gcm16"] = Cipher.AesGcm128,
        ["aes256gcm16"] = Cipher.AesGcm256,
        ["chacha20poly1305"] = Cipher.ChaCha20Poly1305,
        ["aes128"] = Cipher.AesCbc128,
        ["aes256"] = Cipher.AesCbc256,
    };

    private static readonly Dictionary<string, IntegrityAlgorithm> Integrities = new()
    {
        ["sha256"] = IntegrityAlgorithm.HmacSha256,
        ["sha384"] = IntegrityAlgorithm.HmacSha384,
        ["sha512"] = IntegrityAlgorithm.HmacSha512,
    };

    private static readonly Dictionary<string, PrfAlgorithm> Prfs = new()
    {
        ["prfsha256"] = PrfAlgorithm.HmacSha256,
        ["prfsha384"] = PrfAlgorithm.HmacSha384,
        ["prfsha512"] = PrfAlgorithm.HmacSha512,
    };

    private static readonly Dictionary<string, KeyExchangeGroup> Groups = new()
    {
        ["modp2048"] = KeyExchangeGroup.Modp2048,
        ["modp3072"] = KeyExchangeGroup.Modp3072,
        ["ecp256"] = KeyExchangeGroup.Ecp256,
        ["ecp384"] = KeyExchangeGroup.Ecp384,
        ["ecp521"] = KeyExchangeGroup.Ecp521,
        ["x25519"] = KeyExchangeGroup.Curve25519,
    };

    private static readonly HashSet<string> Weak = ["des", "3des", "null", "md5", "sha1", "prfmd5", "prfsha1", "modp768", "modp1024", "modp1536", "cast128", "blowfish128"];

    /// <summary>For a message: all words there are.</summary>
    public static string IkeWords => string.Join(", ", [.. Ciphers.Keys, .. Integrities.Keys, .. Prfs.Keys, .. Groups.Keys]);

    public static string EspWords => string.Join(", ", [.. Ciphers.Keys, "sha256", .. Groups.Keys, "esn", "noesn"]);

    public static bool TryIke(string text, out IkeProposalPolicy proposal, out string problem)
    {
        proposal = null!;
        if (!TryWords(text, withPrf: true, withEsn: false, out Words words, out problem)) return false;
        if (words.Groups.Count == 0) problem = "names no group";
        if (problem.Length > 0) return false;
        if (words.Prfs.Count == 0)
            words.Prfs.AddRange(words.Integrity.Count == 0 ? [PrfAlgorithm.HmacSha256] : words.Integrity.Select(i => (PrfAlgorithm)((int)PrfAlgorithm.HmacSha256 + (i - IntegrityAlgorithm.HmacSha256))));
        proposal = new(words.Ciphers, words.Integrity, words.Prfs, words.Groups);
        return true;
    }

    public static bool TryEsp(string text, out ChildProposalPolicy proposal, out string problem)
    {
        proposal = null!;
        if (!TryWords(text, withPrf: false, withEsn: true, out Words words, out problem)) return false;
        if (words.Integrity.Exists(i => i != IntegrityAlgorithm.HmacSha256)) problem = "asks ESP for an HMAC other than sha256, which this data path does not have";
        if (problem.Length > 0) return false;
        proposal = new(words.Ciphers, words.Integrity, words.Groups, words.Esn.Count == 0 ? [true, false] : words.Esn);
        return true;
    }

    private sealed class Words
    {
        public List<Cipher> Ciphers { get; } = [];
        public List<IntegrityAlgorithm> Integrity { get; } = [];
        public List<PrfAlgorithm> Prfs { get; } = [];
        public List<KeyExchangeGroup> Groups { get; } = [];
        public List<bool> Esn { get; } = [];
    }

    private static bool TryWords(string text, bool withPrf, bool withEsn, out Words words, out string problem)
    {
        words = new Words();
        foreach (string word in text.Split('-'))
        {
            if (Ciphers.TryGetValue(word, out Cipher cipher)) words.Ciphers.Add(cipher);
            else if (Integrities.TryGetValue(word, out IntegrityAlgorithm integrity)) words.Integrity.Add(integrity);
            else if (withPrf && Prfs.TryGetValue(word, out PrfAlgorithm prf)) words.Prfs.Add(prf);
            else if (Groups.TryGetValue(word, out KeyExchangeGroup group)) words.Groups.Add(group);
            else if (withEsn && word is "esn" or "noesn") words.Esn.Add(word == "esn");
            else
            {
                problem = Weak.Contains(word) ? $"asks for {word}, which is too weak (RFC 8221, RFC 8247)" : $"has the word \"{word}\", which is not known here";
                return false;
            }
        }

        bool aead = words.Ciphers.Exists(c => c.IsAead);
        problem = words.Ciphers.Count == 0 ? "names no cipher"
            : aead && words.Ciphers.Exists(c => !c.IsAead) ? "mixes ciphers that authenticate with others (RFC 7296 3.3): write two proposals"
            : aead && words.Integrity.Count > 0 ? "gives a cipher that authenticates an integrity algorithm as well (RFC 5282 8): leave it out"
            : !aead && words.Integrity.Count == 0 ? "gives CBC no integrity algorithm"
            : "";
        return problem.Length == 0;
    }
}
