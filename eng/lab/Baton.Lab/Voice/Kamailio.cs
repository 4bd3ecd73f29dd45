using Baton.Lab.Processes;

namespace Baton.Lab.Voice;

/// <summary>Kamailio as Debian has it, with its rtpengine module: the proxy between the phones. Towards who is called SRTP, towards who calls plain RTP.</summary>
public sealed class Kamailio : IDisposable
{
    private readonly LabProcess _process;

    public Kamailio(VoiceNetwork network, IMediaSystem media, Wait wait)
    {
        string file = Path.Combine(network.Proxy.Folder, "kamailio.cfg");
        File.WriteAllText(file, Script(media));
        _process = network.Proxy.Start("kamailio", [VoicePackages.Kamailio, "-f", file, "-DD", "-E", "-m", "64", "-M", "8", "-Y", network.Proxy.Folder]);
        wait.Until("Kamailio listens", TimeSpan.FromSeconds(20), () => Listens(network), LastWords);
    }

    public string LastWords() => _process.LastWords(20);

    public void Dispose()
    {
        _process.Stop(TimeSpan.FromSeconds(5));
        _process.Dispose();
    }

    private static bool Listens(VoiceNetwork network) => network.Proxy.Run("ss", "-lun").Contains($"{VoiceNetwork.ProxyAddress}:5060", StringComparison.Ordinal);

    private static string Script(IMediaSystem media) => $$"""
        #!KAMAILIO
        debug=2
        log_stderror=yes
        children=4
        disable_tcp=yes
        auto_aliases=no
        listen=udp:{{VoiceNetwork.ProxyAddress}}:5060
        mpath="{{VoicePackages.Modules}}/"
        loadmodule "tm.so"
        loadmodule "sl.so"
        loadmodule "rr.so"
        loadmodule "pv.so"
        loadmodule "maxfwd.so"
        loadmodule "textops.so"
        loadmodule "siputils.so"
        loadmodule "rtpengine.so"
        modparam("rtpengine", "rtpengine_sock", "udp:{{media.Ng}}")
        request_route {
            if (!mf_process_maxfwd_header("10")) {
                sl_send_reply("483", "Too Many Hops");
                exit;
            }
            if (has_totag()) {
                if (is_method("ACK") && !loose_route()) {
                    if (t_check_trans()) t_relay();
                    exit;
                }
                if (!is_method("ACK")) loose_route();
                if (is_method("BYE")) rtpengine_delete();
                t_relay();
                exit;
            }
            if (is_method("CANCEL")) {
                if (t_check_trans()) t_relay();
                exit;
            }
            t_check_trans();
            if (!is_method("INVITE")) {
                sl_send_reply("405", "Method Not Allowed");
                exit;
            }
            record_route();
            if ($rU == "baresip0") {
                $du = "sip:{{VoiceNetwork.PhoneAddress}}:{{Baresip.SipPortOf(0)}}";
            } else if ($rU == "baresip1") {
                $du = "sip:{{VoiceNetwork.PhoneAddress}}:{{Baresip.SipPortOf(1)}}";
            } else {
                $du = "sip:{{VoiceNetwork.CalleesAddress}}:5060";
            }
            rtpengine_manage("replace-origin replace-session-connection ICE=remove RTP/SAVP {{media.OfferFlags}}");
            t_on_reply("ANSWERED");
            t_relay();
        }
        onreply_route[ANSWERED] {
            if (has_body("application/sdp")) {
                rtpengine_manage("replace-origin replace-session-connection ICE=remove RTP/AVP");
            }
        }
        """;
}
