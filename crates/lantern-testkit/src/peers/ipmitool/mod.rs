//! The real ipmitool, over lanplus or lan.

pub mod parse;

use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

use super::{PATIENCE, Peer};
use crate::process::{self, Output};

/// ipmitool, aimed at one BMC.
#[derive(Clone, Debug)]
pub struct Ipmitool {
    peer: Peer,
    interface: &'static str,
    addr: SocketAddr,
    user: String,
    password: String,
    suite: Option<u8>,
    options: Vec<String>,
    timeout: Duration,
}

impl Ipmitool {
    /// ipmitool over lanplus, or `None` with a notice if it is not installed: see [`Peer::find`].
    #[must_use]
    pub fn new(addr: SocketAddr, user: &str, password: &str) -> Option<Self> {
        Some(Self {
            peer: Peer::find("ipmitool")?,
            interface: "lanplus",
            addr,
            user: user.to_owned(),
            password: password.to_owned(),
            suite: None,
            options: Vec::new(),
            timeout: PATIENCE,
        })
    }

    /// Asks for this cipher suite (`-C`). Without it ipmitool asks the BMC which suites there are.
    #[must_use]
    pub const fn suite(mut self, suite: u8) -> Self {
        self.suite = Some(suite);
        self
    }

    /// Speaks IPMI 1.5 (`-I lan`).
    #[must_use]
    pub const fn lan(mut self) -> Self {
        self.interface = "lan";
        self
    }

    /// Asks for this privilege (`-L`), for example `USER`; else it asks for ADMINISTRATOR.
    #[must_use]
    pub fn privilege(self, level: &str) -> Self {
        self.options(["-L", level])
    }

    /// Shows the handshake's outcome and every message (`-vv`), on standard output and error.
    #[must_use]
    pub fn verbose(self) -> Self {
        self.options(["-vv"])
    }

    /// Any other options that go before the command.
    #[must_use]
    pub fn options<'a>(mut self, options: impl IntoIterator<Item = &'a str>) -> Self {
        self.options.extend(options.into_iter().map(str::to_owned));
        self
    }

    /// Kills it after this long instead of after [`PATIENCE`].
    #[must_use]
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The command that [`run`](Self::run) runs; `words` are split at blanks.
    #[must_use]
    pub fn command(&self, words: &str) -> Command {
        let mut command = self.peer.command();
        command.args(["-I", self.interface, "-H", &self.addr.ip().to_string()]);
        command.args(["-p", &self.addr.port().to_string()]);
        command.args(["-U", &self.user, "-P", &self.password]);
        if let Some(suite) = self.suite {
            command.args(["-C", &suite.to_string()]);
        }
        command.args(&self.options).args(words.split_whitespace());
        command
    }

    /// Runs, for example, `mc info`.
    pub fn run(&self, words: &str) -> Output {
        process::run(&mut self.command(words), self.timeout)
    }
}
