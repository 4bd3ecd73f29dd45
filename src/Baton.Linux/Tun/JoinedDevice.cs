using System.Globalization;

namespace Baton.Linux.Tun;

/// <summary>A device at which datagrams are joined, and that keeps packets back for it when told to.</summary>
public sealed class JoinedDevice
{
    internal static readonly string Kept = (DatagramJoining.Patience.Ticks * 100).ToString(CultureInfo.InvariantCulture);

    private readonly string _timeout;

    /// <param name="timeout">Its gro_flush_timeout.</param>
    internal JoinedDevice(string timeout) => _timeout = timeout;

    /// <summary>Whether packets wait for the next of their flow (<see cref="DatagramJoining.Patience"/>), or only those that lie together already are joined. Any one thread; it may wait for other
    /// settings of the kernel. False: the device is gone, or the right to it.</summary>
    public bool KeepBack(bool keep)
    {
        try
        {
            Set(keep);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Throws what stands against it.</summary>
    internal void Set(bool keep) => File.WriteAllText(_timeout, keep ? Kept : "0");
}
