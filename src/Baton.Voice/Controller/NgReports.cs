using System.Net;
using System.Net.Sockets;
using Baton.Media.Ng;

namespace Baton.Voice.Controller;

/// <param name="Uptime">Since the first step.</param>
internal sealed record ControllerTotals(
    int Calls, int Streams, int PortsTaken, TimeSpan Uptime, long Offers, long Answers, long Deleted, long Unanswered, long Silent, long Failed);

/// <summary>The longer answers of the ng protocol, in the words of its clients.</summary>
internal static class NgReports
{
    /// <summary>Call-IDs of one list: what fits into a datagram with room to spare.</summary>
    private const int MostListBytes = 60_000;

    internal static byte[] List(string cookie, IEnumerable<string> ids, int limit)
    {
        var shown = new List<string>();
        int bytes = 0;
        foreach (string id in ids.Take(limit))
        {
            bytes += System.Text.Encoding.UTF8.GetByteCount(id) + 8;
            if (bytes > MostListBytes)
                break;
            shown.Add(id);
        }

        return NgMessage.OkCalls(cookie, shown);
    }

    internal static byte[] Statistics(string cookie, ControllerTotals totals) => NgMessage.Ok(cookie, Pair("statistics", Map(
        Pair("currentstatistics", Map(
            Pair("sessionsown", totals.Calls), Pair("sessionsforeign", 0), Pair("sessionstotal", totals.Calls), Pair("mediastreams", totals.Streams), Pair("portpairs", totals.PortsTaken))),
        Pair("totalstatistics", Map(
            Pair("uptime", (long)totals.Uptime.TotalSeconds), Pair("offers", totals.Offers), Pair("answers", totals.Answers), Pair("regularterminated", totals.Deleted),
            Pair("timeoutsessions", totals.Unanswered), Pair("silenttimeoutsessions", totals.Silent), Pair("rejectedsessions", totals.Failed))))));

    internal static byte[] Query(string cookie, Call call, IReadOnlyList<Branch> branches, IReadOnlyDictionary<ulong, StreamReport> reports, DateTimeOffset clock)
    {
        var tags = new Dictionary<string, BencodeValue>();
        ulong packets = 0, bytes = 0, dropped = 0, rtcp = 0;
        foreach (Branch branch in branches)
        {
            for (int side = 0; side < 2; side++)
            {
                if (branch.Tag(side) is { } tag)
                    tags.TryAdd(tag, Tag(branch, side, reports));
            }

            foreach (CallStream? stream in branch.Streams)
            {
                if (stream is null || !reports.TryGetValue(stream.Id, out StreamReport? report))
                    continue;
                packets += report.A.Packets + report.B.Packets;
                bytes += report.A.Bytes + report.B.Bytes;
                dropped += report.A.Dropped + report.B.Dropped;
                rtcp += report.A.RtcpPackets + report.B.RtcpPackets;
            }
        }

        return NgMessage.Ok(
            cookie, Pair("created", call.Created.ToUnixTimeSeconds()), Pair("now", clock.ToUnixTimeSeconds()), Pair("group", call.Group.Name), Pair("tags", new BencodeValue.Dictionary([.. tags])),
            Pair("totals", Map(
                Pair("RTP", Map(Pair("packets", (long)packets), Pair("bytes", (long)bytes), Pair("errors", (long)dropped))),
                Pair("RTCP", Map(Pair("packets", (long)rtcp), Pair("bytes", 0), Pair("errors", 0))))));
    }

    private static BencodeValue.Dictionary Tag(Branch branch, int side, IReadOnlyDictionary<ulong, StreamReport> reports)
    {
        List<KeyValuePair<string, BencodeValue>> fields = [Pair("tag", branch.Tag(side)!)];
        if (branch.Labels[side] is { } label)
            fields.Add(Pair("label", label));
        if (branch.Tag(1 - side) is { } other)
            fields.Add(Pair("in dialogue with", other));
        var media = new List<BencodeValue>();
        for (int i = 0; i < branch.Streams.Count; i++)
        {
            if (branch.Streams[i] is { } stream)
                media.Add(Media(branch, stream, side, i, reports.GetValueOrDefault(stream.Id)));
        }

        fields.Add(Pair("medias", new BencodeValue.List(media)));
        return new BencodeValue.Dictionary(fields);
    }

    private static BencodeValue.Dictionary Media(Branch branch, CallStream stream, int index, int number, StreamReport? report)
    {
        StreamSide side = stream.Side(index);
        LegReport? leg = report?.Leg(index);
        List<KeyValuePair<string, BencodeValue>> rtp =
        [
            Pair("local address", branch.SaidAddress(index).ToString()), Pair("local port", side.Port), Pair("endpoint", Endpoint(Known(leg?.Rtp) ?? side.Phone?.Rtp)),
        ];
        if (leg is not null)
            rtp.Add(Pair("stats", Map(Pair("packets", (long)leg.Packets), Pair("bytes", (long)leg.Bytes), Pair("errors", (long)leg.Dropped))));
        List<KeyValuePair<string, BencodeValue>> fields =
        [
            Pair("index", number + 1), Pair("type", stream.Kind), Pair("protocol", side.IsSrtp ? "RTP/SAVP" : "RTP/AVP"), Pair("streams", new BencodeValue.List([new BencodeValue.Dictionary(rtp)])),
            Pair("flags", new BencodeValue.List([.. Flags(stream, side)])),
        ];
        if (side is { IsSrtp: true, OurKey: { } key })
            fields.Add(Pair("suite", Srtp.SrtpSuites.SdesName(key.Suite)));
        return new BencodeValue.Dictionary(fields);
    }

    private static IEnumerable<BencodeValue> Flags(CallStream stream, StreamSide side)
    {
        if (stream.IsAgreed)
            yield return new BencodeValue.Text("agreed");
        if (side.Mux)
            yield return new BencodeValue.Text("rtcp-mux");
        if (stream.IsOnHold)
            yield return new BencodeValue.Text("on hold");
    }

    private static IPEndPoint? Known(string? text) => text is not null && IPEndPoint.TryParse(text, out IPEndPoint? endpoint) && text.Length > 0 ? endpoint : null;

    private static BencodeValue.Dictionary Endpoint(IPEndPoint? endpoint) => endpoint is null ? Map() : Map(
        Pair("family", endpoint.AddressFamily == AddressFamily.InterNetworkV6 ? "IPv6" : "IPv4"), Pair("address", endpoint.Address.ToString()), Pair("port", endpoint.Port));

    private static BencodeValue.Dictionary Map(params IReadOnlyList<KeyValuePair<string, BencodeValue>> fields) => new BencodeValue.Dictionary(fields);

    private static KeyValuePair<string, BencodeValue> Pair(string key, BencodeValue value) => new(key, value);

    private static KeyValuePair<string, BencodeValue> Pair(string key, long value) => new(key, new BencodeValue.Number(value));

    private static KeyValuePair<string, BencodeValue> Pair(string key, string value) => new(key, new BencodeValue.Text(value));
}
