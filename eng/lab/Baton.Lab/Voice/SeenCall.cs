using System.Net;
using Baton.Srtp.Sdes;

namespace Baton.Lab.Voice;

/// <summary>One call as the captures of both phones tell it: its ways, and the key with which the gateway seals towards who was called.</summary>
public sealed record SeenCall(string CallId, IPEndPoint Caller, IPEndPoint Called, string KeyToCalled, CallWay ToCaller, CallWay ToCalled, string CalledFile)
{
    /// <summary>Calls whose answer both hosts saw.</summary>
    /// <param name="called">The hosts of who is called.</param>
    public static List<SeenCall> Find(VoiceTrace callers, IReadOnlyList<VoiceTrace> called)
    {
        var media = IPAddress.Parse(VoiceNetwork.Media);
        var calls = new List<SeenCall>();
        ILookup<IPEndPoint, SeenRtp> atCallers = ByPhone(callers);
        var invites = callers.Sip.Where(message => message.IsInvite && !message.IsReinvite).GroupBy(message => message.CallId).ToDictionary(group => group.Key, group => group.First());
        foreach (VoiceTrace trace in called)
        {
            ILookup<IPEndPoint, SeenRtp> atCalled = ByPhone(trace);
            var offers = trace.Sip.Where(message => message.IsInvite && !message.IsReinvite).GroupBy(message => message.CallId).ToDictionary(group => group.Key, group => group.First());
            foreach (SeenSip answer in trace.Sip.Where(message => message.IsAnswer).DistinctBy(message => message.CallId))
            {
                if (!invites.TryGetValue(answer.CallId, out SeenSip? invite) || !offers.TryGetValue(answer.CallId, out SeenSip? offer)) continue;
                var caller = new IPEndPoint(invite.From, invite.MediaPort);
                var phone = new IPEndPoint(answer.From, answer.MediaPort);
                calls.Add(new SeenCall(answer.CallId, caller, phone, KeyOf(offer, answer), new CallWay(atCallers[caller]), new CallWay(atCalled[phone]), trace.File));
            }
        }

        return calls;

        ILookup<IPEndPoint, SeenRtp> ByPhone(VoiceTrace trace) => trace.Rtp.Where(packet => packet.From.Address.Equals(media)).ToLookup(packet => packet.To);
    }

    /// <summary>Of the lines that were offered the one whose tag the answer took (RFC 4568 5.1.2): suite and base64.</summary>
    private static string KeyOf(SeenSip offer, SeenSip answer)
    {
        string tag = answer.Cryptos.Single().Split(' ')[0];
        string[] words = offer.Cryptos.Single(line => line.Split(' ')[0] == tag).Split(' ');
        return $"{words[1]} {words[2].Split(':')[1].Split('|')[0]}";
    }
}
