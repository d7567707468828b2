//! What the system's serial port is wired to.
//!
//! The BMC has a [`Line`](buffer::Line) that never blocks; a task at its other end carries
//! characters to and from something that may: a pseudo-terminal, a socket, a device, a program. What
//! is lost comes back by itself, and the consoles live on meanwhile. Both directions are bounded. Who
//! sends faster than the BMC reads has to wait; the BMC reads whenever it is woken, into its history.
//!
//! * `buffer`: what BMC and task share. `carry`: the task's work.
//! * `pty`, `connect`, `listen`, `device`, `command`: the sources. `sim`: a machine's console that
//!   needs none of this. `kept`: what was said outlives the BMC.

mod buffer;
mod carry;
mod command;
mod connect;
mod device;
mod kept;
mod listen;
mod pty;
mod sim;

use std::path::PathBuf;

use ipmi_bmc::serial::{Serial, SerialPolicy};

use crate::config::{SerialConfig, SerialSource};
use crate::platform::sources::Wake;
use crate::stream::Place;

pub(crate) use kept::Keeper;
pub(crate) use sim::{Clock, SimConsole};

/// What is connected, for the log.
const WHAT: &str = "the serial port";

/// Why there is no serial port.
#[derive(Debug, thiserror::Error)]
pub enum SerialError {
    /// There is no pseudo-terminal to be had.
    #[error("there is no pseudo-terminal to be had: {0}")]
    Pty(#[source] std::io::Error),
    /// The name of the pseudo-terminal cannot be made.
    #[error("cannot link {}: {source}", path.display())]
    Link {
        /// Which.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// An address or a path cannot be listened at.
    #[error("cannot listen at {at} for the serial port: {source}")]
    Listen {
        /// Which.
        at: String,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
}

/// The port that `config` describes. What is elsewhere and not there yet is waited for. Has to be
/// called inside a tokio runtime.
pub(crate) fn open(
    config: &SerialConfig,
    name: &str,
    clock: Clock,
    wake: &Wake,
) -> Result<(Box<dyn Serial>, SerialPolicy), SerialError> {
    let source = config.source.to_string();
    let port: Box<dyn Serial> = match &config.source {
        // Its QEMU has a place for it, which is said before: this is another machine.
        SerialSource::Sim | SerialSource::Qemu => Box::new(SimConsole::new(name, clock)),
        SerialSource::Pty(path) => Box::new(pty::open(path, source, wake)?),
        SerialSource::Tcp(address) => {
            Box::new(connect::open(Place::Tcp(address.clone()), source, wake))
        }
        SerialSource::Unix(path) => {
            Box::new(connect::open(Place::Unix(path.clone()), source, wake))
        }
        SerialSource::TcpListen(address) => Box::new(listen::open_tcp(*address, source, wake)?),
        SerialSource::UnixListen(path) => Box::new(listen::open_unix(path, source, wake)?),
        SerialSource::Device { path, bit_rate } => {
            Box::new(device::open(path.clone(), *bit_rate, source, wake))
        }
        SerialSource::Command(argv) => Box::new(command::open(argv.clone(), source, wake)),
    };
    Ok((port, config.policy))
}
