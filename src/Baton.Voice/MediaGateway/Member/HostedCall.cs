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
    private readonly bool[] _isBound = new bool[4];

    public HostedCall(int slot, CallSetting setting, MediaCall live) => (Slot, Setting, Live) = (slot, setting, live);

    /// <summary>Its sockets' tokens begin with it.</summary>
    public int Slot { get; }

    public CallSetting Setting { get; private set; }

    public MediaCall Live { get; }

    public ulong Id => Setting.Said.Id;

    /// <summary>Its silence was told.</summary>
    public bool SaidSilent { get; set; }

    public static int PortIndex(byte leg, SrtpHalf half) => (leg * 2) + (half == SrtpHalf.Rtcp ? 1 : 0);

    /// <summary>Negative: it has no port now.</summary>
    public int SocketOf(byte leg, SrtpHalf half) => PortIndex(leg, half) is var i && _isBound[i] ? _sockets[i] : -1;

    /// <summary>Another version; keys that it gave up are wiped.</summary>
    public void Change(CallSetting setting)
    {
        CallSetting before = Setting;
        Setting = setting;
        before.DisposeBut(setting);
    }

    /// <summary>Makes the sockets of the ports that are not bound, so that at a takeover each is bound by one call of the kernel. One that cannot be made now is made then.</summary>
    public void PreparePorts(DatagramSet sockets)
    {
        for (int i = 0; i < _sockets.Length; i++)
        {
            if (_sockets[i] < 0 && Setting.Ports[i] is { } port)
                _sockets[i] = sockets.Prepare(port.AddressFamily, (Slot * 4) + i, out _);
        }
    }

    /// <summary>Binds the ports that are not bound. False: one could not be, and none of them stays.</summary>
    /// <param name="only">Those at these addresses; null: all.</param>
    public bool OpenPorts(DatagramSet sockets, IReadOnlySet<IPAddress>? only, out string error)
    {
        error = "";
        for (int i = 0; i < _sockets.Length; i++)
        {
            if (_isBound[i] || Setting.Ports[i] is not { } port || only?.Contains(port.Address) == false)
                continue;
            if (_sockets[i] < 0)
                _sockets[i] = sockets.Prepare(port.AddressFamily, (Slot * 4) + i, out error);
            _isBound[i] = _sockets[i] >= 0 && sockets.TryBind(_sockets[i], port, out error);
            if (_isBound[i])
                continue;
            ClosePorts(sockets, null);
            return false;
        }

        return true;
    }

    /// <param name="but">Ports at these addresses stay; null: none.</param>
    public void ClosePorts(DatagramSet sockets, IReadOnlySet<IPAddress>? but)
    {
        for (int i = 0; i < _sockets.Length; i++)
        {
            if (_sockets[i] < 0 || (_isBound[i] && Setting.Ports[i] is { } port && but?.Contains(port.Address) == true))
                continue;
            sockets.Close(_sockets[i]);
            (_sockets[i], _isBound[i]) = (-1, false);
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
