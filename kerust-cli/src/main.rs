//! The command `kerust`.

mod arguments;
mod import;

use arguments::Command;
use std::io::{self, Write};
use std::process::ExitCode;

const USAGE: &str = "\
usage: kerust import MODEL.tflite --name NAME --out FOLDER [--force]

Imports an 8-bit model of TensorFlow Lite. It writes two files, which belong together:
  FOLDER/name.rs             a declaration for `model!`
  FOLDER/name.safetensors    the weights of its 8-bit twin

options:
  --name NAME      the name of the model, which becomes a Rust type: `Kws` gives `kws.rs`
  --out FOLDER     the folder of the files; it is created if it does not exist
  --force          replace files that exist
  -h, --help       print this text
  -V, --version    print the version
";

fn main() -> ExitCode {
    match run() {
        Ok(text) => {
            // Nobody reads it if the pipe is closed, which is no error of this program.
            let _ = io::stdout().write_all(text.as_bytes());
            ExitCode::SUCCESS
        }
        Err(error) => {
            let _ = writeln!(io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Returns the text to print.
fn run() -> Result<String, String> {
    match arguments::read(std::env::args_os().skip(1))? {
        Command::Help => Ok(USAGE.to_owned()),
        Command::Version => Ok(format!("kerust {}\n", env!("CARGO_PKG_VERSION"))),
        Command::Import(import) => import::run(&import),
    }
}
