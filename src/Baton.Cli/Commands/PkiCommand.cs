using System.CommandLine;
using System.Net;
using Baton.Cluster.Certificates;

namespace Baton.Cli.Commands;

/// <summary><c>baton pki</c>: the certificates of one cluster, and its key.</summary>
internal static class PkiCommand
{
    public static Command Create()
    {
        var folder = new Option<string>("--dir", "-d") { Description = "The folder of the cluster's CA.", DefaultValueFactory = _ => "pki" };
        var days = new Option<int?>("--days") { Description = "How long the certificate is valid." };

        var cluster = new Argument<string>("CLUSTER") { Description = "The cluster's name, as in [cluster] id." };
        var init = new Command("init", "A new CA and a new cluster key.") { cluster, folder, days };
        init.SetAction(parsed => Guarded(() =>
        {
            Pki.Init(parsed.GetRequiredValue(folder), parsed.GetRequiredValue(cluster), Validity(parsed.GetValue(days)));
            Console.WriteLine($"wrote {Path.Combine(parsed.GetRequiredValue(folder), Pki.AuthorityFile)}, {Pki.AuthorityKeyFile} (keep it off the nodes), {Pki.ClusterKeyFile} (for gateways) and {Pki.ControlKeyFile} (for handler and router)");
        }));

        var role = new Argument<string>("ROLE") { Description = string.Join(", ", Pki.Roles) };
        role.AcceptOnlyFromAmong([.. Pki.Roles]);
        var name = new Argument<string>("NAME") { Description = "The node's name, as in [node] name." };
        var dns = new Option<string[]>("--dns") { Description = "A further DNS name." };
        var address = new Option<string[]>("--address") { Description = "A further IP address." };
        var issue = new Command("issue", "A certificate and key for a node or an operator.") { role, name, folder, days, dns, address };
        issue.SetAction(parsed => Guarded(() =>
        {
            var addresses = new List<IPAddress>();
            foreach (string text in parsed.GetValue(address) ?? [])
                addresses.Add(IPAddress.TryParse(text, out IPAddress? parsedAddress) ? parsedAddress : throw new UsageException($"\"{text}\" is no IP address"));
            (string certificate, string key) = Pki.Open(parsed.GetRequiredValue(folder)).Issue(
                parsed.GetRequiredValue(role), parsed.GetRequiredValue(name), parsed.GetValue(dns), addresses, Validity(parsed.GetValue(days)));
            Console.WriteLine($"wrote {certificate} and {key}");
        }));

        var renew = new Command("renew", "The same node again with a fresh key; give it the files and SIGHUP.") { name, folder, days };
        renew.SetAction(parsed => Guarded(() =>
        {
            (string certificate, string key) = Pki.Open(parsed.GetRequiredValue(folder)).Renew(parsed.GetRequiredValue(name), Validity(parsed.GetValue(days)));
            Console.WriteLine($"wrote {certificate} and {key}");
        }));

        var show = new Command("show", "The certificates in the folder, and when they end.") { folder };
        show.SetAction(parsed => Guarded(() =>
        {
            foreach (PkiEntry entry in Pki.Open(parsed.GetRequiredValue(folder)).Show())
                Console.WriteLine($"{entry.File,-20} {entry.Identity,-40} until {entry.NotAfter:yyyy-MM-dd HH:mm}{(entry.NotAfter < DateTimeOffset.Now ? "  EXPIRED" : "")}  {entry.Names}");
        }));

        var rotate = new Command("add-cluster-key", "A newer cluster key in front of the old ones; give the file to every node, then restart them all: with different keys they do not hear each other.") { folder };
        rotate.SetAction(parsed => Guarded(() =>
        {
            Pki.Open(parsed.GetRequiredValue(folder)).AddClusterKey();
            Console.WriteLine($"{Path.Combine(parsed.GetRequiredValue(folder), Pki.ClusterKeyFile)} has a new key; copy it and {Pki.ControlKeyFile} to every node that had the old ones, then restart them all");
        }));

        return new Command("pki", "Certificates and the cluster key.") { init, issue, renew, show, rotate };
    }

    private static TimeSpan? Validity(int? days) => days switch
    {
        null => null,
        > 0 => TimeSpan.FromDays(days.Value),
        _ => throw new UsageException("--days is a number above 0"),
    };

    private static int Guarded(Action action)
    {
        try
        {
            action();
            return ExitCode.Ok;
        }
        catch (PkiException e)
        {
            Console.Error.WriteLine($"baton: {e.Message}");
            return ExitCode.Failed;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"baton: {e.Message}");
            return ExitCode.Failed;
        }
    }
}
