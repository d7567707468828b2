//! `sim`, and `bmc run` with a file that describes a fleet: be many BMCs until somebody says stop.

use std::io;
use std::net::{SocketAddr, SocketAddrV4};
use std::path::Path;

use lantern_bmcd::{Config, Fleet, FleetConfig, Spread, StartError};
use schemars::JsonSchema;
use serde::Serialize;
use tokio::signal::unix::{SignalKind, signal};

use super::bmc::{self, no_signals, reach, stop_signal};
use crate::cli::{Format, Globals, Sim};
use crate::error::{Error, Exit};
use crate::output;
use crate::view::schema::Source;
use crate::view::{View, render_here};

/// The BMC that all of them are made after.
const CONFIG: &str = include_str!("../../../../examples/bmc.toml");
/// Its administrator's password, which is public.
const PASSWORD: &str = "Complex_Pass";

/// BMCs that answer.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct FleetRunning {
    name: String,
    count: u32,
    /// Where the first one answers.
    first: String,
    /// Where the last one answers. Those between follow each other.
    last: String,
    #[serde(skip)]
    reach: Option<[String; 2]>,
    #[serde(skip)]
    password: Option<&'static str>,
}

impl FleetRunning {
    fn new(config: &Config, count: u32, fleet: &Fleet) -> Self {
        let user = bmc::mightiest(config);
        let [first, last] = [0, count.saturating_sub(1)].map(|index| fleet.address(index));
        let text = |address: Option<SocketAddr>| address.map(|a| a.to_string()).unwrap_or_default();
        Self {
            name: config.name.clone(),
            count,
            first: text(first),
            last: text(last),
            reach: first.zip(user).map(|(first, user)| reach(first, &user)),
            password: None,
        }
    }
}

impl View for FleetRunning {
    const SCHEMA: &'static str = "lantern.fleet_running/1";
    const SOURCE: Source = Source::Here;

    fn text(&self, _: Option<u16>) -> String {
        let Self { name, count, first, last, reach, password } = self;
        let mut text = match count {
            1 => format!("1 BMC '{name}' answers on {first}\n"),
            _ => format!("{count} BMCs '{name}' answer on {first} to {last}\n"),
        };
        if let Some([lantern, ipmitool]) = reach {
            text.push_str(&format!("reach one  {lantern}\n           {ipmitool}\n"));
        }
        if let Some(password) = password {
            text.push_str(&format!(
                "password   export LANTERN_PASSWORD={password} IPMI_PASSWORD={password}\n"
            ));
        }
        text + "stop       Ctrl-C; they forget what was done to them\n"
    }
}

/// `lantern sim`.
pub(crate) async fn run(command: &Sim, globals: &Globals) -> Result<(), Error> {
    let Sim { count, base, ports, seed, personality } = command;
    let spread = if *ports { Spread::Ports } else { Spread::Addresses };
    let base = SocketAddrV4::new(*base, globals.port.unwrap_or(FleetConfig::PORT));
    let fleet = FleetConfig::new(*count, base, spread).map_err(|error| {
        Error::usage(error.to_string()).next("see --count, --base, --port and --ports")
    })?;
    let config = Config::parse(CONFIG, Path::new("examples/bmc.toml"))
        .map_err(|error| Error::usage(error.to_string()))?;
    let config = Config {
        name: "sim".to_owned(),
        seed: *seed,
        personality: (*personality).into(),
        ..config
    };
    serve(&config, &fleet, None, Some(PASSWORD), globals.output).await
}

/// Runs the BMCs until somebody says stop. SIGHUP has `file` read again.
pub(crate) async fn serve(
    config: &Config,
    fleet: &FleetConfig,
    file: Option<&Path>,
    password: Option<&'static str>,
    format: Format,
) -> Result<(), Error> {
    // Before anybody can know that there is somebody to stop.
    let stop = stop_signal().map_err(no_signals)?;
    let mut reread = signal(SignalKind::hangup()).map_err(no_signals)?;
    let mut running = Fleet::start(config, fleet).map_err(start_error)?;
    let view = FleetRunning { password, ..FleetRunning::new(config, fleet.count(), &running) };
    let mut outcome = render_here(&view, format).and_then(output::print);
    tokio::pin!(stop);
    while outcome.is_ok() {
        tokio::select! {
            () = &mut stop => break,
            Some(()) = reread.recv() => match file.map(Config::load) {
                Some(Ok(new)) => {
                    bmc::name_changes(config, &new);
                    running.set_quirks(new.quirks);
                    running.set_faults(&new.faults);
                }
                Some(Err(error)) => tracing::error!("{error}; nothing is changed"),
                None => {}
            },
            failed = running.failed() => {
                outcome = Err(Error::told(Exit::Failed, failed.to_string())
                    .cause("a defect in Lantern, or a network interface that went away"));
            }
        }
    }
    running.stop().await;
    outcome
}

fn start_error(error: StartError) -> Error {
    let StartError::Listen { source, .. } = &error else { return bmc::start_error(error) };
    let next = match source.kind() {
        io::ErrorKind::AddrInUse => {
            "another program has the port, at one of this machine's addresses: choose another one \
             ('lantern sim --port', 'port' in [fleet])"
        }
        io::ErrorKind::PermissionDenied => {
            "ports below 1024 take root, or the capability CAP_NET_BIND_SERVICE"
        }
        _ => "with a port for each, each takes an open file: see 'ulimit -n'",
    };
    Error::usage(error.to_string()).next(next)
}
