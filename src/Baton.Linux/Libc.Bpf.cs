using System.Runtime.InteropServices;

namespace Baton.Linux;

internal static unsafe partial class Libc
{
    internal const int BPF_PROG_LOAD = 5;
    internal const int BPF_LINK_CREATE = 28;
    internal const uint BPF_PROG_TYPE_SCHED_CLS = 3;

    /// <summary>A program at the way in of a device, ahead of the stack (Linux 6.6).</summary>
    internal const uint BPF_TCX_INGRESS = 46;

    internal const int SOL_PACKET = 263;
    internal const int PACKET_VNET_HDR = 15;
    internal const int PACKET_IGNORE_OUTGOING = 23;
    internal const ushort ETH_P_ALL = 3;

    /// <summary>The start of union bpf_attr for BPF_PROG_LOAD (linux/bpf.h); what is not here is zero.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct BpfProgramRequest
    {
        internal uint Type;
        internal uint Count;
        internal ulong* Instructions;
        internal byte* License;
        internal uint LogLevel;
        internal uint LogBytes;
        internal byte* Log;
        internal uint KernelVersion;
        internal uint Flags;
    }

    /// <summary>The same for BPF_LINK_CREATE.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct BpfLinkRequest
    {
        internal uint Program;
        internal uint Device;
        internal uint Place;
        internal uint Flags;
        private readonly ulong _beside;
        private readonly ulong _revision;
    }

    /// <remarks>man 2 bpf. There is no wrapper in glibc.</remarks>
    internal static int Bpf(int command, void* request, uint length) =>
        (int)SystemCall(RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 321 : 280, command, (nint)request, (nint)length);

    /// <remarks>man 2 syscall.</remarks>
    [LibraryImport(Library, EntryPoint = "syscall", SetLastError = true)]
    private static partial nint SystemCall(nint number, nint a, nint b, nint c);
}
