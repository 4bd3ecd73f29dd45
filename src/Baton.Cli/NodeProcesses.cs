using System.Runtime.InteropServices;
using Baton.Cli.Demo.Processes;
using Baton.Cluster.Certificates;
using Baton.Cluster.Configuration;
using Baton.Cluster.Records;
using Baton.Gateway.Router;
using Baton.Gateway;
using Baton.Handler.Ledgers;
using Baton.Handler;
using Baton.Voice.Controller;
using Baton.Voice.MediaGateway.Member;
using Microsoft.Extensions.Logging.Console;

namespace Baton.Cli;

/// <summary>Which shell runs which role.</summary>
internal static class NodeProcesses
{
    public static async Task<int> RunAsync(NodeOptions options, CancellationToken cancellation)
    {
        ParentTie.HoldStandardInput();
        _level = LevelOf(options.Log.Level);
        using ILoggerFactory logs = Logs();
        using PosixSignalRegistration hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
        {
            context.Cancel = true;
            Reload(options.File, logs.CreateLogger("baton"));
        });
        try
        {
            return options.Role switch
            {
                NodeRole.Handler => await HandlerAsync(options, logs, cancellation).ConfigureAwait(false),
                NodeRole.Gateway => await GatewayAsync(options, logs, cancellation).ConfigureAwait(false),
                NodeRole.Controller => await ControllerAsync(options, logs, cancellation).ConfigureAwait(false),
                NodeRole.Media => await MediaAsync(options, logs, cancellation).ConfigureAwait(false),
                NodeRole.Peer => await PeerAsync(options, logs, cancellation).ConfigureAwait(false),
                _ => await RouterAsync(options, logs, cancellation).ConfigureAwait(false),
            };
        }
        catch (Exception e) when (e is LedgerException or IOException or System.Net.Sockets.SocketException)
        {
            // Addresses that are taken, a ledger that cannot be opened: for the operator, not a stack trace.
            await Console.Error.WriteLineAsync($"baton: {options.Name} cannot run: {e.Message}").ConfigureAwait(false);
            return ExitCode.Failed;
        }
    }

    private static async Task<int> HandlerAsync(NodeOptions options, ILoggerFactory logs, CancellationToken cancellation)
    {
        using TlsMaterial tls = Tls(options);
        await using var handler = new HandlerProcess(options, tls, Keys(options), logs);
        await handler.RunAsync(cancellation).ConfigureAwait(false);
        return ExitCode.Ok;
    }

    /// <summary>Handler and controller in one process: what a group's media gateways must agree on and what they carry are one machine's business.</summary>
    private static async Task<int> ControllerAsync(NodeOptions options, ILoggerFactory logs, CancellationToken cancellation)
    {
        using TlsMaterial tls = Tls(options);
        await using var controller = new ControllerProcess(options, Keys(options), tls, logs);
        await using var handler = new HandlerProcess(options, tls, Keys(options), logs)
        {
            Company = new HandlerCompany("controller", () => controller.Counters, () => controller.Warnings),
        };
        controller.Start();
        Task first = await Task.WhenAny(handler.RunAsync(cancellation), controller.Failed).ConfigureAwait(false);
        await first.ConfigureAwait(false);
        return ExitCode.Ok;
    }

    private static async Task<int> GatewayAsync(NodeOptions options, ILoggerFactory logs, CancellationToken cancellation)
    {
        using TlsMaterial tls = Tls(options);
        using var gateway = new GatewayProcess(options, Keys(options), tls, SentinelCommand(), logs);
        _reloaded = gateway.Reload;
        return await gateway.RunAsync(cancellation).ConfigureAwait(false);
    }

    private static async Task<int> MediaAsync(NodeOptions options, ILoggerFactory logs, CancellationToken cancellation)
    {
        using TlsMaterial tls = Tls(options);
        using var member = new GatewayProcess(options, Keys(options), tls, SentinelCommand(), logs, MediaMember.Extension(options));
        return await member.RunAsync(cancellation).ConfigureAwait(false);
    }

    private static async Task<int> PeerAsync(NodeOptions options, ILoggerFactory logs, CancellationToken cancellation)
    {
        using TlsMaterial? tls = options.Tls is null ? null : Tls(options);
        using var peer = new PeerProcess(options, tls, logs);
        _reloaded = peer.Reload;
        return await peer.RunAsync(cancellation).ConfigureAwait(false);
    }

    private static async Task<int> RouterAsync(NodeOptions options, ILoggerFactory logs, CancellationToken cancellation)
    {
        using TlsMaterial? tls = options.Tls is null ? null : Tls(options);
        using var router = new RouterProcess(options, Keys(options), tls, logs.CreateLogger("router"), Keys);
        if (options.Handler is null)
        {
            await router.RunAsync(cancellation).ConfigureAwait(false);
            return ExitCode.Ok;
        }

        // Handler and router in one process: each has its own threads, and neither is of use to anybody without the other.
        using TlsMaterial handlerTls = Tls(options, one => one.Handler?.Tls, "[handler] certificate");
        await using var handler = new HandlerProcess(options with { Status = new() }, handlerTls, Keys(options), logs);
        router.MoreCounters = () => handler.Counters.Select(counter => ($"handler.{counter.Key}", counter.Value));
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task[] both = [handler.RunAsync(end.Token), router.RunAsync(end.Token)];
        Task first = await Task.WhenAny(both).ConfigureAwait(false);
        await end.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(both).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await first.ConfigureAwait(false);
        return ExitCode.Ok;
    }

    private static TlsMaterial Tls(NodeOptions options) => Tls(options, one => one.Tls, "[tls]");

    /// <param name="of">Which files of a configuration: a reload takes those of the newer one.</param>
    private static TlsMaterial Tls(NodeOptions options, Func<NodeOptions, TlsOptions?> of, string table)
    {
        TlsOptions files = of(options) ?? throw new UsageException($"{options.File}: {table} is missing");
        if (!TlsMaterial.TryLoad(files.AuthorityFile, files.CertificateFile, files.KeyFile, out TlsMaterial material, out string error)) throw new UsageException(error);
        lock (Certificates) Certificates.Add((material, of));
        return material;
    }

    private static ClusterKeys Keys(NodeOptions options) =>
        Keys(options.Cluster.KeyFile ?? throw new UsageException($"{options.File}: [cluster] key-file is missing"));

    private static ClusterKeys Keys(string file) =>
        ClusterKeys.TryLoad(file, out ClusterKeys keys, out string error) ? keys
        : throw new UsageException(error);

    private static (string File, string[] Arguments) SentinelCommand()
    {
        string self = Environment.ProcessPath!;
        return Path.GetFileNameWithoutExtension(self) == "dotnet"
            ? (self, [Path.Combine(AppContext.BaseDirectory, "baton.dll"), "sentinel"])
            : (self, ["sentinel"]);
    }

    /// <summary>SIGHUP: the file is read again and checked whole. With an error nothing changes; else the log's level and the certificate do, and what a gateway or peer shall have of connections, and a gateway of SAs.</summary>
    private static void Reload(string file, ILogger log)
    {
        ConfigResult result = ConfigFile.Load(file);
        if (result.Options is not { } options || result.Errors.Count > 0)
        {
            Commands.ConfigFiles.Write(result.Errors, line => log.LogError("not reloaded: {Error}", line));
            return;
        }

        lock (Certificates)
        {
            foreach ((TlsMaterial tls, Func<NodeOptions, TlsOptions?> of) in Certificates)
            {
                if (of(options) is not { } files) continue;
                if (TlsMaterial.TryLoad(files.AuthorityFile, files.CertificateFile, files.KeyFile, out TlsMaterial newer, out string refusal) && tls.TryTakeOver(newer, out refusal)) continue;
                log.LogError("not reloaded: {Error}", refusal);
                return;
            }
        }

        _level = LevelOf(options.Log.Level);
        _reloaded?.Invoke(options);
        log.LogInformation("reloaded {File}: the level of the log, the certificate, connections, and configured SAs at a gateway; all else needs a restart", file);
    }

    private static volatile LogLevel _level;
    private static Action<NodeOptions>? _reloaded;

    /// <summary>What this process shows others, for a reload.</summary>
    private static readonly List<(TlsMaterial Material, Func<NodeOptions, TlsOptions?> Of)> Certificates = [];

    private static LogLevel LevelOf(string level) => level switch
    {
        "trace" => LogLevel.Trace,
        "debug" => LogLevel.Debug,
        "warning" => LogLevel.Warning,
        "error" => LogLevel.Error,
        _ => LogLevel.Information,
    };

    private static ILoggerFactory Logs() => LoggerFactory.Create(logging =>
    {
        logging.SetMinimumLevel(LogLevel.Trace);
        logging.AddFilter((category, level) => level >= _level
            && (level >= LogLevel.Warning || category?.StartsWith("Microsoft", StringComparison.Ordinal) != true)
            && (level >= LogLevel.Warning || category?.StartsWith("Grpc", StringComparison.Ordinal) != true));
        logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "HH:mm:ss.fff ";
            console.UseUtcTimestamp = true;
            console.ColorBehavior = Console.IsOutputRedirected ? LoggerColorBehavior.Disabled : LoggerColorBehavior.Default;
        });
    });
}
