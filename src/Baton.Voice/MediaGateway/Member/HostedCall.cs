using System.Net;
using Baton.Linux.Sockets;
using Baton.Srtp;
using P = Baton.Cluster.Protos;

namespace Baton.Voice.MediaGateway.Member;

/// <summary>A call as this member has it: what the controller said, the keys, and its ports.</summary>
internal sealed class HostedCall : IDisposable
{
    /// <summary>Of leg and half, in the order of <see cref="PortIndex"/>.</summary>
    private readonly int[] _sockets = [-1, -1, -1, -1];

    public HostedCall(int slot, CallSetting setting, MediaCall live) => (Slot, Setting, Live) = (slot, setting, live);

    /// <summary>Its sockets' tokens begin with it.</summary>
    public int Slot { get; }

    public CallSetting Setting { get; private set; }

    public MediaCall Live { get; }

    public ulong Id => Setting.Said.Id;

    /// <summary>Its silence was told.</summary>
    public bool SaidSilent { get; set; }

    public static int PortIndex(byte leg, SrtpHalf half) => (leg * 2) + (half == SrtpHalf.Rtcp ? 1 : 0);

    public int SocketOf(byte leg, SrtpHalf half) => _sockets[PortIndex(leg, half)];

    /// <summary>Another version; keys that it gave up are wiped.</summary>
    public void Change(CallSetting setting)
    {
        CallSetting before = Setting;
        Setting = setting;
        before.DisposeBut(setting);
    }

    /// <summary>Binds the ports that are not bound. False: one could not be, and none of them stays.</summary>
    public bool OpenPorts(DatagramSet sockets, out string error)
    {
        error = "";
        for (int i = 0; i < _sockets.Length; i++)
        {
            if (_sockets[i] >= 0 || Setting.Ports[i] is not { } port)
                continue;
            _sockets[i] = sockets.Open(port, (Slot * 4) + i, out error);
            if (_sockets[i] >= 0)
                continue;
            ClosePorts(sockets);
            return false;
        }

        return true;
    }

    public void ClosePorts(DatagramSet sockets)
    {
        for (int i = 0; i < _sockets.Length; i++)
        {
            if (_sockets[i] >= 0)
                sockets.Close(_sockets[i]);
            _sockets[i] = -1;
        }
    }

    public void Dispose() => Setting.DisposeBut(null);
}

/// <summary>A call as it was said, checked, with its keys as objects. Owns the keys.</summary>
/// <param name="Said">Without its legs: keys stand in one place, where they are wiped.</param>
/// <param name="Ports">Ours, by leg and half; null: the half shares the port of RTP.</param>
internal sealed record CallSetting(P.MediaCall Said, MediaLegDescription A, MediaLegDescription B, IPEndPoint?[] Ports)
{
    private IEnumerable<SrtpMasterKey?> Keys => [A.PhoneKey, A.OurKey, B.PhoneKey, B.OurKey];

    /// <summary>Wipes its keys, but for those that another setting goes on with.</summary>
    public void DisposeBut(CallSetting? other)
    {
        foreach (SrtpMasterKey? key in Keys)
        {
            if (key is not null && other?.Keys.Contains(key) != true)
                key.Dispose();
        }
    }
}
