//! What the steps of the demo share: the BMC's other end, and how the tour looks.

use std::cell::Cell;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use ipmi_client::sensors::Sensor;
use ipmi_client::{Bmc, Credentials, Endpoint};
use ipmi_wire::cmd::chassis::PowerAction;
use lantern_bmcd::Server;

use crate::error::{Error, Exit};
use crate::output::{hanging, print};
use crate::view::View;
use crate::view::power::PowerControl;

/// Columns for results, which are indented.
pub(super) const WIDTH: Option<u16> = Some(77);

/// A client with a session, and how far the tour is.
pub(super) struct Stage {
    pub(super) address: SocketAddr,
    pub(super) endpoint: Endpoint,
    pub(super) bmc: Bmc,
    step: Cell<u32>,
    user: &'static str,
}

impl Stage {
    pub(super) fn new(server: &Server, user: &'static str, password: &str) -> Result<Self, Error> {
        let address = server.addresses().first().copied();
        let address = address.ok_or_else(|| failed("the BMC listens nowhere"))?;
        let endpoint = Endpoint::bind().map_err(ipmi_client::Error::from)?;
        let bmc = Bmc::new(&endpoint, address, credentials(user, password)?);
        Ok(Self { address, endpoint, bmc, step: Cell::new(0), user })
    }

    /// Ends the session.
    pub(super) async fn end(&self) {
        self.bmc.close().await;
    }

    /// A step's title, and its first command.
    pub(super) fn heading(&self, title: &str, command: &str) -> Result<(), Error> {
        self.step.set(self.step.get().saturating_add(1));
        say(&format!("{}. {title}", self.step.get()))?;
        self.command(command)
    }

    /// The command line that does what is done now.
    pub(super) fn command(&self, command: &str) -> Result<(), Error> {
        let user = if command.contains("-U ") { "" } else { self.user };
        let option = if user.is_empty() { "" } else { " -U " };
        say(&format!("   $ lantern -H {}{option}{user} {command}", self.address))
    }

    /// What an error says after the BMC's address, which is always the same here.
    pub(super) fn message(&self, error: &ipmi_client::Error) -> String {
        let message = error.to_string();
        let message = message.trim_start_matches(&format!("{}: ", self.address));
        message.trim_start_matches("log in: no session: ").to_owned()
    }

    pub(super) async fn sensors(&self, thresholds: bool) -> Result<Vec<Sensor>, Error> {
        Ok(self.bmc.sensors(thresholds).await?)
    }

    pub(super) async fn power(&self, action: PowerAction) -> Result<(), Error> {
        let done = self.bmc.power(action).await?;
        show(&PowerControl::new(action, &done, None).text(None))
    }

    /// Asks until power is on, or off.
    pub(super) async fn wait_for(&self, on: bool) -> Result<(), Error> {
        const PATIENCE: Duration = Duration::from_secs(5);
        let start = Instant::now();
        while self.bmc.is_powered_on().await? != on {
            let power = if on { "on" } else { "off" };
            ensure(start.elapsed() < PATIENCE, &format!("power is {power} within 5 s"))?;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    /// Logs in as somebody who should not be let in; the refusal.
    pub(super) async fn try_login(
        &self,
        user: &str,
        password: &str,
        change: impl FnOnce(&mut Credentials),
    ) -> Result<ipmi_client::Error, Error> {
        let mut credentials = credentials(user, password)?;
        change(&mut credentials);
        let bmc = Bmc::new(&self.endpoint, self.address, credentials);
        match bmc.connect().await {
            Err(error) => Ok(error),
            Ok(_) => {
                bmc.close().await;
                Err(failed("a login that should be refused was not"))
            }
        }
    }
}

fn credentials(user: &str, password: &str) -> Result<Credentials, Error> {
    Credentials::new(user.as_bytes(), password.as_bytes())
        .ok_or_else(|| Error::usage("user name or password is too long"))
}

/// What has to hold for the tour to go on.
pub(super) fn ensure(holds: bool, what: &str) -> Result<(), Error> {
    if holds { Ok(()) } else { Err(failed(&format!("expected, and not so: {what}"))) }
}

/// A result, indented.
pub(super) fn show(text: &str) -> Result<(), Error> {
    let lines = text.lines().map(|line| match line {
        "" => "\n".to_owned(),
        line => format!("   {line}\n"),
    });
    print(lines.collect::<String>())
}

/// Why something was refused.
pub(super) fn refused(why: &str) -> Result<(), Error> {
    say(&hanging("   refused: ", why, Some(80)))
}

fn failed(message: &str) -> Error {
    Error::told(Exit::Failed, format!("demo: {message}"))
}

pub(super) fn say(line: &str) -> Result<(), Error> {
    print(format!("{line}\n"))
}
