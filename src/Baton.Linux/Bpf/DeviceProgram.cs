using System.Runtime.InteropServices;
using System.Text;

namespace Baton.Linux.Bpf;

/// <summary>A program that runs for each packet that comes in at a device, until this is disposed of or the process ends, however it ends.</summary>
/// <remarks>man 2 bpf; BPF_PROG_TYPE_SCHED_CLS at BPF_TCX_INGRESS. Needs Linux 6.6, CAP_BPF and CAP_NET_ADMIN.</remarks>
internal sealed unsafe class DeviceProgram : IDisposable
{
    private int _link;

    /// <exception cref="IOException">The kernel refuses it; its own words are in the message.</exception>
    public DeviceProgram(BpfText text, int device)
    {
        int program = Load(text.ToInstructions());
        var request = new Libc.BpfLinkRequest { Program = (uint)program, Device = (uint)device, Place = Libc.BPF_TCX_INGRESS };
        _link = Libc.Bpf(Libc.BPF_LINK_CREATE, &request, (uint)sizeof(Libc.BpfLinkRequest));
        int errno = Marshal.GetLastPInvokeError();
        _ = Libc.Close(program);  // the link keeps it
        if (_link < 0)
            throw Libc.Failure($"no program can be put at device {device} (Linux 6.6)", errno);
    }

    public void Dispose()
    {
        if (_link >= 0)
            _ = Libc.Close(_link);
        _link = -1;
    }

    private static int Load(ulong[] code)
    {
        const int LogBytes = 65_536;
        byte[] log = new byte[LogBytes];
        fixed (ulong* instructions = code)
        fixed (byte* license = "Apache-2.0\0"u8)
        fixed (byte* words = log)
        {
            var request = new Libc.BpfProgramRequest
            {
                Type = Libc.BPF_PROG_TYPE_SCHED_CLS,
                Count = (uint)code.Length,
                Instructions = instructions,
                License = license,
            };
            int fd = Libc.Bpf(Libc.BPF_PROG_LOAD, &request, (uint)sizeof(Libc.BpfProgramRequest));
            if (fd >= 0)
                return fd;
            int errno = Marshal.GetLastPInvokeError();
            if (errno == Libc.EPERM)
                throw Libc.Failure("no program can be loaded (CAP_BPF)", errno);

            // Once more, for the verifier's words.
            (request.LogLevel, request.LogBytes) = (1, LogBytes);
            request.Log = words;
            fd = Libc.Bpf(Libc.BPF_PROG_LOAD, &request, (uint)sizeof(Libc.BpfProgramRequest));
            if (fd >= 0)
                return fd;
            string said = Encoding.UTF8.GetString(log).TrimEnd('\0').TrimEnd();
            throw Libc.Failure($"no program can be loaded ({said[Math.Max(0, said.Length - 300)..].ReplaceLineEndings(" ")})", errno);
        }
    }
}
