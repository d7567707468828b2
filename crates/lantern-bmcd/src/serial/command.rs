//! `command`: a program in a terminal of its own, started again when it ends.
//!
//! It is started without a shell, leads a session, and is killed with the BMC; what it has started
//! loses its terminal (SIGHUP), as when a line is cut.

use std::sync::Arc;
use std::time::Duration;

use super::WHAT;
use super::buffer::{Buffer, Line};
use super::carry::carry;
use crate::platform::sources::Wake;
use crate::platform::sources::command::SECRETS;
use crate::stream::Retry;

/// The first pause before it is started again.
const PAUSE: Duration = Duration::from_secs(1);

pub(super) fn open(argv: Vec<String>, source: String, wake: &Wake) -> Line {
    let buffer = Buffer::new(wake);
    let (shared, name) = (Arc::clone(&buffer), source.clone());
    let task = async move {
        let mut retry = Retry::new(WHAT, PAUSE);
        loop {
            retry.begin();
            match start(&argv) {
                Ok((terminal, mut child)) => {
                    retry.found(&name);
                    // Its end is that of its terminal, once nobody has that open.
                    let error = carry(terminal, None, &shared).await;
                    let _ = child.start_kill();
                    match child.wait().await {
                        Ok(status) => retry.pause(&name, status).await,
                        Err(_) => retry.pause(&name, error).await,
                    }
                }
                Err(error) => retry.pause(&name, error).await,
            }
        }
    };
    Line::start(buffer, source, None, task)
}

fn start(argv: &[String]) -> pty_process::Result<(pty_process::Pty, tokio::process::Child)> {
    let (ours, its) = pty_process::open()?;
    ours.resize(pty_process::Size::new(24, 80))?;
    let Some((program, arguments)) = argv.split_first() else {
        return Err(std::io::Error::from(std::io::ErrorKind::InvalidInput).into());
    };
    let mut command = pty_process::Command::new(program)
        .args(arguments)
        // What a plain serial terminal can do.
        .env("TERM", "vt102")
        .kill_on_drop(true);
    for secret in SECRETS {
        command = command.env_remove(secret);
    }
    let child = command.spawn(its)?;
    Ok((ours, child))
}
