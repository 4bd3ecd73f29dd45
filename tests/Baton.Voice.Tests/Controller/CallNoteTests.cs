using Baton.Srtp;
using Baton.Voice.Controller;
using CsCheck;
using static Baton.Voice.Tests.Controller.ControllerStage;

namespace Baton.Voice.Tests.Controller;

public sealed class CallNoteTests
{
    [Fact]
    public void WhatIsWrittenIsRead()
    {
        CallNote note = Agreed(out ControllerStage stage);
        using (stage)
        {
            byte[] bytes = note.Write();
            Assert.True(CallNote.TryRead(bytes, out CallNote? again));
            Assert.Equal(bytes, again!.Write());
            Assert.Equal(("c", "f", "t", "caller", 0, 1, "audio"), (again.CallId, again.TagA, again.TagB, again.LabelA, again.Index, again.Count, again.Kind));
            Assert.Equal(SrtpSuite.AesCm128Tag80, again.B.OurSuite);
        }
    }

    /// <summary>Cut anywhere, with a byte changed anywhere, or random: read as something or refused, never an exception.</summary>
    [Fact]
    public void WhatIsWrongIsRefused()
    {
        CallNote note = Agreed(out ControllerStage stage);
        using (stage)
        {
            byte[] bytes = note.Write();
            for (int i = 0; i < bytes.Length; i++)
                Assert.False(CallNote.TryRead(bytes.AsMemory(0, i), out _));
            Assert.False(CallNote.TryRead((byte[])[.. bytes, 0], out _));
            Assert.False(CallNote.TryRead((byte[])[2, .. bytes[1..]], out _));
            Gen.Select(Gen.Int[0, bytes.Length - 1], Gen.Byte).Sample((at, value) =>
            {
                byte[] changed = [.. bytes];
                changed[at] = value;
                if (CallNote.TryRead(changed, out CallNote? read))
                    Restore(changed);
                _ = read;
            }, iter: 2_000);
            Gen.Byte.Array[0, 200].Sample(random => { _ = CallNote.TryRead((byte[])[1, .. random], out _); }, iter: 2_000);
        }

        static void Restore(byte[] bytes)
        {
            using var notes = new NoteSealer(ControlKey, nonce => nonce.Clear());
            ReadOnlyMemory<byte> seven = notes.Seal(7, [.. bytes]), eight = notes.Seal(8, [.. bytes]);
            using var stage = new ControllerStage(networks: [new MediaNetwork("pub", Ours, Ours6)]);
            stage.Step(new ControllerInput.Found("g", [new FoundStream(7, 3, seven), new FoundStream(7, 3, seven), new FoundStream(8, 3, eight)]));
            Assert.Equal(2 * stage.Core.Streams, stage.Core.PortsTaken);
            Assert.Equal(3, stage.Core.Restored + stage.Core.Unrestored);
        }
    }

    /// <summary>What media gateways keep shows no key, and says nothing to who has another control key, or under another stream's id.</summary>
    [Fact]
    public void OnlyAControllerOfTheClusterReadsIt()
    {
        using CallNoteOwner owner = new();
        (StreamOrder order, NoteSide side) = (owner.Order, owner.Note.B);
        Assert.Equal(-1, order.Note.Span.IndexOf(side.PhoneKey!.KeyAndSalt));
        Assert.All(side.Ours, key => Assert.Equal(-1, order.Note.Span.IndexOf(key.KeyAndSalt)));
        Assert.True(owner.Stage.Notes.TryOpen(order.Id, order.Note.Span, out byte[] opened));
        Assert.NotEqual(-1, opened.AsSpan().IndexOf(side.PhoneKey.KeyAndSalt));
        Assert.False(owner.Stage.Notes.TryOpen(order.Id + 1, order.Note.Span, out _));
        byte[] changed = order.Note.ToArray();
        changed[^1] ^= 1;
        Assert.False(owner.Stage.Notes.TryOpen(order.Id, changed, out _));
        Assert.False(owner.Stage.Notes.TryOpen(order.Id, order.Note.Span[..NoteSealer.Overhead], out _));
        using var other = new NoteSealer(new byte[32], bytes => bytes.Clear());
        Assert.False(other.TryOpen(order.Id, order.Note.Span, out _));

        using var next = new ControllerStage();
        next.Step(new ControllerInput.Found("g", [new FoundStream(order.Id, order.Version, opened)]));
        Assert.Equal((0, 1), (next.Core.Restored, next.Core.Unrestored));
        next.Step(new ControllerInput.Found("g", [new FoundStream(order.Id, order.Version, order.Note)]));
        Assert.Equal((1, 1), (next.Core.Restored, next.Core.Unrestored));
    }

    /// <summary>A call that was found again is one call: after another offer in it, its delete leaves nothing.</summary>
    [Fact]
    public void ACallThatWasFoundAgainEndsAsAnyOther()
    {
        using CallNoteOwner owner = new();
        using var next = new ControllerStage();
        next.Step(new ControllerInput.Found("g", [new FoundStream(owner.Order.Id, owner.Order.Version, owner.Order.Note)]));
        next.Offer(Phone(4_000), ("to-tag", "t"), ("transport-protocol", "RTP/SAVP"));
        next.Ask(("command", "delete"), ("call-id", "c"));
        Assert.Equal((0, 0, 0), (next.Core.Calls, next.Core.Streams, next.Core.PortsTaken));
        Assert.Equal(1, next.Core.Count(CallEnd.Deleted));
    }

    private sealed class CallNoteOwner : IDisposable
    {
        public CallNoteOwner()
        {
            Note = Agreed(out ControllerStage stage);
            (Stage, Order) = (stage, Assert.Single(stage.Media).Value);
        }

        public ControllerStage Stage { get; }

        public CallNote Note { get; }

        public StreamOrder Order { get; }

        public void Dispose() => Stage.Dispose();
    }

    [Fact]
    public void ANoteThatDoesNotFitIsNone()
    {
        using var stage = new ControllerStage();
        string name = new('n', 1_000);
        stage.Ask(("command", "offer"), ("call-id", name), ("from-tag", name), ("via-branch", name), ("sdp", Phone(4_000)));
        stage.Ask(("command", "answer"), ("call-id", name), ("from-tag", name), ("to-tag", name), ("via-branch", name), ("sdp", Phone(5_000)));
        Assert.True(Assert.Single(stage.Media).Value.Note.IsEmpty);
        stage.Offer(Phone(4_000));
        Assert.Contains(stage.Media.Values, order => !order.Note.IsEmpty);
    }

    private static CallNote Agreed(out ControllerStage stage)
    {
        stage = new ControllerStage();
        stage.Offer(Phone(4_000), ("transport-protocol", "RTP/SAVP"), ("label", "caller"));
        stage.Answer(Phone(5_000, "RTP/SAVP", attributes: CryptoLine(1, SrtpSuite.AesCm128Tag80, 7)));
        StreamOrder order = Assert.Single(stage.Media).Value;
        Assert.True(stage.Notes.TryOpen(order.Id, order.Note.Span, out byte[] opened));
        Assert.True(CallNote.TryRead(opened, out CallNote? note));
        return note!;
    }
}
