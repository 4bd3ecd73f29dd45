using System.Diagnostics;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace Baton.Linux.Tests.Namespaces;

/// <summary>Network namespaces of one test: made here, gone with it. Needs root and ip(8); else the test skips and says so.</summary>
internal sealed partial class TestNetwork : IDisposable
{
    private static int _made;
    private readonly string _prefix = $"baton-t{Environment.ProcessId}-{Interlocked.Increment(ref _made)}-";
    private readonly List<string> _names = [];

    public TestNetwork(params string[] hosts)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs root: it makes network namespaces");
        Assert.SkipUnless(File.Exists("/usr/sbin/ip") || File.Exists("/sbin/ip"), "ip(8) is not installed (Debian: iproute2)");
        Assert.SkipUnless(File.Exists("/dev/net/tun"), "there is no /dev/net/tun here");
        foreach (string host in hosts)
        {
            string name = _prefix + host;
            (int code, string text) = Start("ip", ["netns", "add", name]);
            Assert.SkipUnless(code == 0, $"network namespaces cannot be made here: {text}");
            _names.Add(name);
            Ip(host, "link set lo up");
        }
    }

    /// <summary>ip(8) inside of a host; must succeed.</summary>
    public string Ip(string host, string arguments)
    {
        (int code, string text) = Start("ip", ["-n", _prefix + host, .. arguments.Split(' ')]);
        Assert.True(code == 0, $"ip {arguments} in {host}: {text}");
        return text;
    }

    /// <summary>A veth pair between two hosts, up, with addresses where given.</summary>
    public void Wire(string a, string deviceA, string b, string deviceB, string? addressA = null, string? addressB = null)
    {
        Ip(a, $"link add {deviceA} type veth peer name {deviceB} netns {_prefix}{b}");
        Ip(a, $"link set {deviceA} up");
        Ip(b, $"link set {deviceB} up");
        if (addressA is not null)
            Ip(a, $"addr add {addressA} dev {deviceA} nodad");
        if (addressB is not null)
            Ip(b, $"addr add {addressB} dev {deviceB} nodad");
    }

    public string PathOf(string host) => $"/run/netns/{_prefix}{host}";

    /// <summary>A program inside of a host, to its end.</summary>
    public (int Code, string Text) Run(string host, string program, params string[] arguments) =>
        Start("ip", ["netns", "exec", _prefix + host, program, .. arguments]);

    public void Sysctl(string host, string key, string value)
    {
        (int code, string text) = Run(host, "sh", "-c", $"echo {value} > /proc/sys/{key}");
        Assert.True(code == 0, $"{key} in {host}: {text}");
    }

    /// <summary>Runs on a thread of its own inside of the host: what it opens stays there.</summary>
    public T In<T>(string host, Func<T> action)
    {
        (T? result, ExceptionDispatchInfo? failure) = (default, null);
        var thread = new Thread(() =>
        {
            try
            {
                Enter(_prefix + host);
                result = action();
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
        });
        thread.Start();
        thread.Join();
        failure?.Throw();
        return result!;
    }

    public void In(string host, Action action) => In(host, () =>
    {
        action();
        return 0;
    });

    /// <summary>Waits for a state; fails with <paramref name="what"/> when it does not come in ten seconds.</summary>
    public static void Until(string what, Func<bool> holds) => Until(() => what, holds);

    /// <param name="what">Told only where the state does not come.</param>
    public static void Until(Func<string> what, Func<bool> holds)
    {
        var clock = Stopwatch.StartNew();
        while (!holds())
        {
            if (clock.Elapsed >= TimeSpan.FromSeconds(10))
                Assert.Fail(what());
            Thread.Yield();
        }
    }

    public void Dispose()
    {
        foreach (string name in _names)
            _ = Start("ip", ["netns", "del", name]);
    }

    private static void Enter(string name)
    {
        const int NewNetwork = 0x40000000;
        using Microsoft.Win32.SafeHandles.SafeFileHandle file = File.OpenHandle($"/run/netns/{name}");
        if (SetNamespace((int)file.DangerousGetHandle(), NewNetwork) != 0)
            throw new IOException($"setns {name}: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");
    }

    private static (int Code, string Text) Start(string program, string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string text = process.StandardOutput.ReadToEnd() + errors.Result;
        process.WaitForExit();
        return (process.ExitCode, text);
    }

    /// <remarks>man 2 setns: of the calling thread.</remarks>
    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    private static partial int SetNamespace(int fd, int kind);
}
