using Baton.Cli;
using Baton.Crypto;
using Baton.NullCipher;

// baton with its SAs left in the clear and all else on: what of a gateway's cost is the cipher? Never installed, never packed.
Console.Error.WriteLine("baton-null: packets leave in the clear; this is for measurements only");
CipherProvider.Substitute = static _ => new NoCipher();
return (int)typeof(BatonProgram).Assembly.EntryPoint!.Invoke(null, [args])!;
