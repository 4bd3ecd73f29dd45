namespace Baton.Lab.Voice;

/// <summary>What a voice story needs beyond the lab's own tools.</summary>
public static class VoicePackages
{
    public const string Kamailio = "/usr/sbin/kamailio";
    public const string Sipp = "/usr/bin/sipp";
    public const string Baresip = "/usr/bin/baresip";
    public const string Python = "/usr/bin/python3";
    public const string Rtpengine = "/usr/bin/rtpengine";
    public const string Redis = "/usr/bin/redis-server";

    public static string Modules => Directory.Exists("/usr/lib/x86_64-linux-gnu/kamailio/modules") ? "/usr/lib/x86_64-linux-gnu/kamailio/modules" : "/usr/lib/aarch64-linux-gnu/kamailio/modules";

    /// <summary>Null: all is there. Otherwise what is missing.</summary>
    public static string? WhyNot()
    {
        (string File, string Package)[] needed = [(Kamailio, "kamailio"), (Sipp, "sip-tester"), (Baresip, "baresip-core"), ("/usr/lib/python3/dist-packages/pylibsrtp", "python3-pylibsrtp")];
        foreach ((string file, string package) in needed)
        {
            if (!Path.Exists(file)) return $"there is no {file} (Debian: {package})";
        }

        return null;
    }

    public static string? WhyNoRtpengine() => File.Exists(Rtpengine) && File.Exists(Redis) ? null : "rtpengine or Redis is not installed (Debian: rtpengine-daemon, redis-server)";
}
