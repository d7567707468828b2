//! `console run`: be the server, until somebody says stop.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::Arc;

use ipmi_client::Endpoint;
use ipmi_wire::Privilege;
use lantern_config::{Config, ConsoleFile};
use lantern_console::{Keeper, Limits, Logs, listen};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::UnixListener;
use tokio::signal::unix::{SignalKind, signal};

use super::dial::Way;
use super::file::{read, wanted};
use crate::cli::{Console, Globals};
use crate::commands::bmc::{no_signals, stop_signal};
use crate::configuration;
use crate::connect::{Hosts, Known, Memory};
use crate::error::{Error, Exit};
use crate::output::{self, Voice};
use crate::view::console::Running;
use crate::view::render_here;

/// What all consoles share.
struct Server<'a> {
    path: &'a Path,
    globals: &'a Globals,
    endpoint: Endpoint,
    memory: Memory,
    keeper: Arc<Keeper<Way>>,
}

/// Serves until somebody says stop. SIGHUP reopens logs, and has the files read again.
pub(super) async fn run(
    path: &Path,
    command: &Console,
    globals: &Globals,
    config: &Config,
    voice: Voice<'_>,
) -> Result<(), Error> {
    // Before anybody can know that there is somebody to stop.
    let stop = stop_signal().map_err(no_signals)?;
    let mut reread = signal(SignalKind::hangup()).map_err(no_signals)?;
    let file = read(path)?;
    let logs = logs(&file)?;
    let socket = match (&command.socket, &file.socket) {
        (None, Some(socket)) => socket.value.clone(),
        _ => super::socket(command)?,
    };
    let known = Known::new(globals, config, Privilege::Operator, voice);
    let wanted = wanted(&file, &known)?;
    open_many_files();
    let (listener, bound) = listen(&socket).map_err(|error| Error::usage(error.to_string()))?;
    let listener = UnixListener::from_std(listener)?;
    let directory = logs.directory.clone();
    let server = Server {
        path,
        globals,
        endpoint: known.bind()?,
        memory: Memory::load(),
        keeper: Arc::new(Keeper::new(logs)),
    };
    let ways = wanted.into_iter().map(|wanted| server.way(wanted)).collect();
    server.keeper.keep(ways).map_err(|(path, error)| {
        Error::usage(format!("{}: the log cannot be written: {error}", path.display()))
    })?;
    let running = Running::new(server.keeper.count(), &socket, &directory);
    output::print(render_here(&running, globals.output)?)?;
    let keeper = Arc::clone(&server.keeper);
    let ending = async {
        stop.await;
        keeper.stop().await;
    };
    let serving = lantern_console::serve(listener, Arc::clone(&keeper), ending);
    tokio::pin!(serving);
    loop {
        tokio::select! {
            () = &mut serving => break,
            Some(()) = reread.recv() => {
                server.keeper.reopen_logs();
                match server.reread() {
                    Ok(()) => tracing::info!("{}: read again", path.display()),
                    Err(error) => {
                        Voice::new(globals.output).warning("the files are not taken over");
                        Voice::new(globals.output).tell(&error);
                    }
                }
            }
        }
    }
    drop(bound);
    server.endpoint.shutdown().await;
    server.memory.save();
    Ok(())
}

impl Server<'_> {
    fn way(&self, wanted: super::file::Wanted) -> (String, String, Way) {
        tracing::debug!(console = wanted.name, host = wanted.host, "is kept");
        Way::new(wanted, &self.endpoint, &self.memory, Voice::new(self.globals.output))
    }

    /// Takes over what the files say now. With a mistake in them all stays as it is.
    fn reread(&self) -> Result<(), Error> {
        let file = read(self.path)?;
        let config = configuration::load(self.globals)?;
        let voice = Voice::new(self.globals.output);
        let known = Known::new(self.globals, &config, Privilege::Operator, voice);
        let ways = wanted(&file, &known)?.into_iter().map(|wanted| self.way(wanted)).collect();
        self.keeper.keep(ways).map_err(|(path, error)| {
            let what = format!("{}: the log cannot be written: {error}", path.display());
            Error::told(Exit::Failed, what).next("that console is not kept")
        })
    }
}

fn logs(file: &ConsoleFile) -> Result<Logs, Error> {
    let Some(directory) = &file.log_dir else {
        return Err(Error::usage("log_dir is missing: where are logs to be?"));
    };
    let directory = directory.value.clone();
    DirBuilder::new().recursive(true).mode(0o700).create(&directory).map_err(|error| {
        Error::usage(format!("{}: logs cannot be there: {error}", directory.display()))
    })?;
    let usual = Limits::default();
    let limits = Limits {
        size: file.log_size.as_ref().map_or(usual.size, |size| size.value.into()),
        files: file.log_files.as_ref().map_or(usual.files, |files| files.value),
    };
    Ok(Logs { directory, limits })
}

/// Each console has a log open, and each who shares one a connection: as many as this user may have.
fn open_many_files() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    // With fewer it works, too, for fewer consoles; what is missing is told where it is missed.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
}
