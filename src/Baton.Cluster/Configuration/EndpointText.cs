using System.Net;

namespace Baton.Cluster.Configuration;

/// <summary>Address and port as people write them. Stricter than <see cref="IPEndPoint.Parse(string)"/>, which takes "1:2" and "::1".</summary>
public static class EndpointText
{
    public static bool TryParse(string text, out IPEndPoint endpoint)
    {
        endpoint = null!;
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
