using System.Security.Cryptography;
using Baton.Linux;

namespace Baton.Voice.Controller;

public sealed partial class ControllerCore
{
    /// <summary>Streams of an earlier controller that are ours again.</summary>
    public int Restored { get; private set; }

    /// <summary>Streams of an earlier controller that nobody can make sense of: the media gateways are told to end them.</summary>
    public int Unrestored { get; private set; }

    /// <summary>The calls of the controller before this one, as the media gateways of a group have them. What was only offered is not taken: its answer finds no call, and its caller offers again.</summary>
    private void Restore(MediaGroup group, IReadOnlyList<FoundStream> found)
    {
        foreach (FoundStream stream in found)
        {
            CallNote? note = null;
            if (_notes.TryOpen(stream.Id, stream.Note.Span, out byte[] opened) && CallNote.TryRead(opened, out note) && TryRestore(group, stream, note!))
                Restored++;
            else
                Unrestored++;
            CryptographicOperations.ZeroMemory(opened);
            note?.A.Dispose();
            note?.B.Dispose();
        }
    }

    private bool TryRestore(MediaGroup group, FoundStream found, CallNote note)
    {
        MediaNetwork? networkA = group.Network(note.A.Network), networkB = group.Network(note.B.Network);
        if (!note.A.Answered || !note.B.Answered || note.TagB is null || networkA is null || networkB is null || note.Count > _policy.MostStreams || _streams.ContainsKey(found.Id))
            return false;
        _calls.TryGetValue(note.CallId, out Call? call);
        if (call is null ? _calls.Count >= _policy.MostCalls : call.Group != group)
            return false;
        Branch? branch = call?.Branches.Find(each => each.SideOf(note.TagA, note.TagB) == 0 && each.Via == note.Via);
        if ((branch is null && call?.Branches.Count >= _policy.MostBranches) || (branch is not null && (branch.Streams.Count != note.Count || branch.Streams[note.Index] is not null)))
            return false;
        if (!group.Ports.TryTake(note.A.Port))
            return false;
        if (!group.Ports.TryTake(note.B.Port))
        {
            group.Ports.Free(note.A.Port);
            return false;
        }

        if (call is null)
            _calls.Add(note.CallId, call = new Call(note.CallId, group, note.Created));
        if (branch is null)
        {
            branch = new Branch(call, note.TagA, note.Via) { IsAgreed = true, OfferedAt = _now };
            branch.Answer(note.TagB);
            branch.Use(0, networkA, note.A.Address);
            branch.Use(1, networkB, note.B.Address);
            (branch.Labels[0], branch.Labels[1]) = (note.LabelA, note.LabelB);
            branch.Streams.AddRange(new CallStream?[note.Count]);
            call.Branches.Add(branch);
        }

        var stream = new CallStream(found.Id, branch, note.A.Port, note.B.Port) { Kind = note.Kind, IsOnHold = note.IsOnHold };
        branch.Streams[note.Index] = stream;
        stream.Side(0).Restore(note.A);
        stream.Side(1).Restore(note.B);
        _streams.Add(stream.Id, stream);
        group.Streams++;
        stream.Told = stream.Order(notes: null) with { Version = found.Version, Note = found.Note };
        return true;
    }
}

/// <summary>A stream that media gateways have from an earlier controller.</summary>
public sealed record FoundStream(ulong Id, ulong Version, ReadOnlyMemory<byte> Note);

/// <summary>Who asks: where it is, and at which of our ng ports it asked.</summary>
public readonly record struct NgClient(UdpEndpoint Endpoint, int Port);
