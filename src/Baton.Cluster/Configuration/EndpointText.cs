using System.Net;
using Baton.Wire;

namespace Baton.Cluster.Configuration;

/// <summary>Address and port as people write them, or a place on a backplane (unix:/path). Stricter than <see cref="IPEndPoint.Parse(string)"/>, which takes "1:2" and "::1".</summary>
public static class EndpointText
{
    public static bool IsBackplane(string text) => text.StartsWith(BackplaneEndPoint.Scheme, StringComparison.Ordinal);

    /// <summary>As <see cref="TryParse"/>, of a text that one of our own processes wrote, an unnamed sender's included.</summary>
    public static IPEndPoint Parse(string text) =>
        text == BackplaneEndPoint.Unnamed.ToString() ? BackplaneEndPoint.Unnamed
        : TryParse(text, out IPEndPoint endpoint) ? endpoint
        : throw new FormatException($"\"{text}\" is no endpoint");

    public static bool TryParse(string text, out IPEndPoint endpoint)
    {
        endpoint = null!;
        if (IsBackplane(text))
        {
            bool isPath = BackplaneEndPoint.TryParse(text, out BackplaneEndPoint place, out _);
            endpoint = place;
            return isPath;
        }

        int colon = text.LastIndexOf(':');
        if (colon <= 0 || colon == text.Length - 1) return false;
        string host = text[..colon];
        bool bracketed = host.StartsWith('[') && host.EndsWith(']');
        if (host.Contains(':') != bracketed) return false;
        if (!bracketed && host.Count(c => c == '.') != 3) return false;
        if (!IPEndPoint.TryParse(text, out IPEndPoint? parsed)) return false;
        endpoint = parsed;
        return true;
    }
}

/// <summary>A prefix with nothing after it: "10.1.0.1/16" is more likely a slip than a wish, and the platform would mask it in silence.</summary>
public static class PrefixText
{
    public static bool TryParse(ReadOnlySpan<char> text, out IPNetwork network)
    {
        int slash = text.IndexOf('/');
        network = default;
        return slash > 0 && IPNetwork.TryParse(text, out network)
            && IPAddress.TryParse(text[..slash], out IPAddress? address) && address.Equals(network.BaseAddress);
    }
}
