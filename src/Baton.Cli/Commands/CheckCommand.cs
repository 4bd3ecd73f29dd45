using System.CommandLine;
using Baton.Cluster.Certificates;
using Baton.Cluster.Configuration;
using Baton.Cluster.Records;

namespace Baton.Cli.Commands;

/// <summary><c>baton check FILE</c>: would this node start? <c>baton check --system</c>: what does this machine allow?</summary>
internal static class CheckCommand
{
    public static Command Create()
    {
        var files = new Argument<string[]>("FILE") { Description = "Configuration files of nodes.", Arity = ArgumentArity.ZeroOrMore };
        var system = new Option<bool>("--system") { Description = "Look at the machine: rights, real-time priority, locked memory, ciphers, TUN, forwarding, reverse path filters (rp_filter); with a file also what that node needs, and whether its tunnel fits through the way to each peer (MTU)." };
        var command = new Command("check", "Reads configuration files as a node would, and shows every error at once.") { files, system };
        command.SetAction(parsed =>
        {
            string[] paths = parsed.GetValue(files) ?? [];
            if (paths.Length == 0 && !parsed.GetValue(system)) throw new UsageException("name a file to check, or --system");
            bool sound = true;
            foreach (string path in paths) sound &= CheckFile(path, parsed.GetValue(system));
            if (parsed.GetValue(system)) SystemCheck.Print(Console.Out);
            return sound ? ExitCode.Ok : ExitCode.Usage;
        });
        return command;
    }

    private static bool CheckFile(string path, bool withSystem)
    {
        ConfigResult result = ConfigFile.Load(path);
        foreach (string warning in result.Warnings) Console.WriteLine($"{path}: warning: {warning}");
        ConfigFiles.Write(result.Errors, line => Console.WriteLine($"{path}: {line}"));
        if (result.Errors.Count > 0 || result.Options is not { } options)
        {
            Console.WriteLine($"{path}: {(result.Errors.Count == 1 ? "1 error" : $"{result.Errors.Count} errors")}");
            return false;
        }

        bool sound = true;
        if (options.Tls is { } tls)
        {
            if (TlsMaterial.TryLoad(tls.AuthorityFile, tls.CertificateFile, tls.KeyFile, out TlsMaterial material, out string error))
            {
                using (material)
                {
                    if (!material.Accepts(material.Own, [], out _, out string refusal)) sound = Wrong(path, $"its own certificate would be refused: {refusal}");
                    string role = options.CertificateRole;
                    NodeIdentity identity = material.Identity;
                    if ((identity.Cluster, identity.Role, identity.Name) != (options.Cluster.Id, role, options.Name))
                        sound = Wrong(path, $"the certificate is of {identity}, the file is of {role} {options.Name} in cluster {options.Cluster.Id}; issue one with 'baton pki issue'");
                    if (material.Own.NotAfter < DateTime.Now.AddDays(30))
                        Console.WriteLine($"{path}: warning: the certificate ends on {material.Own.NotAfter:u}; renew it with 'baton pki renew'");
                }
            }
            else
            {
                sound = Wrong(path, error);
            }
        }

        if (options.Handler?.Tls is { } inside)
        {
            if (!TlsMaterial.TryLoad(inside.AuthorityFile, inside.CertificateFile, inside.KeyFile, out TlsMaterial material, out string error)) sound = Wrong(path, error);
            else
            {
                using (material)
                {
                    if ((material.Identity.Cluster, material.Identity.Role) != (options.Cluster.Id, "handler"))
                        sound = Wrong(path, $"the handler's certificate is of {material.Identity}: issue one with 'baton pki issue handler'");
                }
            }
        }

        if (options.Cluster.KeyFile is { } keyFile && !ClusterKeys.TryLoad(keyFile, out _, out string keyError)) sound = Wrong(path, keyError);
        if (withSystem && options.Role is NodeRole.Gateway or NodeRole.Media or NodeRole.Peer && !NetworkCheck.Node(options, (good, text) => SystemCheck.Line(Console.Out, good, text)))
            sound = Wrong(path, "this machine lacks what the file asks for");
        if (sound) Console.WriteLine($"{path}: ok ({Enum.GetName(options.Role)!.ToLowerInvariant()} {options.Name} of cluster {options.Cluster.Id})");
        return sound;
    }

    private static bool Wrong(string path, string what)
    {
        Console.WriteLine($"{path}: {what}");
        return false;
    }
}
