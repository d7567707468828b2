//! `console`: many consoles that one process keeps, and people who share them.

mod attach;
mod dial;
mod file;
mod serve;

use std::path::PathBuf;

use lantern_config::Config;
use lantern_console::{Client, ClientError};

use crate::cli::{Console, ConsoleCommand, Globals};
use crate::error::{Error, Exit};
use crate::output::{self, Voice};
use crate::view::console::List;
use crate::view::render_here;

/// Runs `console`, until it is over or somebody leaves.
pub(crate) async fn run(
    command: &Console,
    globals: &Globals,
    config: &Config,
    voice: Voice<'_>,
) -> Result<Option<Exit>, Error> {
    match (&command.command, &command.name) {
        (Some(ConsoleCommand::Run { file }), _) => {
            serve::run(file, command, globals, config, voice).await.map(|()| None)
        }
        (Some(ConsoleCommand::List), _) => {
            let rows = connect(command).await?.list().await.map_err(|error| told(&error))?;
            output::print(render_here(&List::new(rows), globals.output)?)?;
            Ok(None)
        }
        (None, Some(name)) => attach::run(name, command).await,
        (None, None) => Err(Error::usage("which console?").next("lantern console list")),
    }
}

async fn connect(command: &Console) -> Result<Client, Error> {
    let path = socket(command)?;
    Client::connect(&path).await.map_err(|error| {
        let error = Error::told(Exit::NoSession, format!("{}: {error}", path.display()));
        error
            .cause("no console server of this user runs, or it listens elsewhere")
            .next("start one: lantern console run FILE; or say where it listens: --socket")
    })
}

/// What the server has said.
fn told(error: &ClientError) -> Error {
    let exit = match error {
        ClientError::Refused(_) => Exit::Failed,
        _ => Exit::NoSession,
    };
    let error = Error::told(exit, error.to_string());
    error.next("'lantern console list' shows which consoles there are")
}

/// Where the server listens, if its file says nothing.
fn socket(command: &Console) -> Result<PathBuf, Error> {
    if let Some(path) = &command.socket {
        return Ok(path.clone());
    }
    let own = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let own = own.filter(|path| path.is_absolute());
    let root = || rustix::process::geteuid().is_root().then(|| PathBuf::from("/run"));
    let base = own.or_else(root).ok_or_else(|| {
        Error::usage("where does the console server listen? XDG_RUNTIME_DIR is not set")
            .next("say it: --socket PATH")
    })?;
    Ok(base.join("lantern/console.sock"))
}
