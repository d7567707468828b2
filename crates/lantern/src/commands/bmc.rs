//! `bmc run`: be a BMC until somebody says stop. SIGHUP has the configuration read again.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

use lantern_bmcd::control::Why;
use lantern_bmcd::platform::qemu::QemuError;
use lantern_bmcd::{
    Config, MachineKind, Server, StartError, SystemInterfaceConfig, SystemInterfaceSource,
};
use schemars::JsonSchema;
use serde::Serialize;
use tokio::signal::unix::{SignalKind, signal};

use super::{ctl, nvram, sim};
use crate::cli::{Bmc, Format};
use crate::error::{Error, Exit};
use crate::output;
use crate::view::schema::Source;
use crate::view::{View, render_here};

/// A BMC that answers.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Running {
    name: String,
    addresses: Vec<String>,
    /// Where its control socket is; null if it has none.
    control: Option<String>,
    /// How software on the host reaches it: the key of the configuration and where that is; null if it
    /// cannot.
    system_interface: Option<String>,
    /// What QEMU is told, if it is to connect to us.
    #[serde(skip)]
    qemu: Option<String>,
    /// Whoever may do most has most to show.
    #[serde(skip)]
    reach: Option<[String; 2]>,
}

impl Running {
    fn new(config: &Config, server: &Server) -> Self {
        let addresses = server.addresses();
        let user = mightiest(config);
        let first = addresses.first();
        Self {
            name: config.name.clone(),
            addresses: addresses.iter().map(ToString::to_string).collect(),
            control: server.control().map(|path| path.display().to_string()),
            system_interface: config
                .system_interface
                .as_ref()
                .map(|there| there.source.to_string()),
            qemu: config.system_interface.as_ref().and_then(|there| qemu(server, &there.source)),
            reach: first.zip(user).map(|(first, user)| reach(*first, &user)),
        }
    }
}

/// The options of a QEMU that connects to this.
fn qemu(server: &Server, source: &SystemInterfaceSource) -> Option<String> {
    let at = match (server.host_address(), source) {
        (Some(address), _) => {
            let ip = from_here(address.ip());
            format!("host={ip},port={}", address.port())
        }
        (None, SystemInterfaceSource::UnixListen(path)) => format!("path={}", path.display()),
        (None, _) => return None,
    };
    Some(format!(
        "qemu-system-x86_64 … -chardev socket,id=ipmi0,{at},reconnect=1 \
         -device ipmi-bmc-extern,id=bmc0,chardev=ipmi0 -device isa-ipmi-kcs,bmc=bmc0"
    ))
}

/// A wildcard is no destination, but this machine is among those that it stands for.
const fn from_here(ip: IpAddr) -> IpAddr {
    match ip {
        ip if !ip.is_unspecified() => ip,
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::LOCALHOST),
    }
}

/// Who may do most.
pub(crate) fn mightiest(config: &Config) -> Option<String> {
    let users = config.users.iter().filter(|user| user.enabled);
    users.max_by_key(|user| user.limit).map(|user| user.name.to_string())
}

impl View for Running {
    const SCHEMA: &'static str = "lantern.bmc_running/1";
    const SOURCE: Source = Source::Here;

    fn text(&self, _: Option<u16>) -> String {
        let mut text = String::new();
        for address in &self.addresses {
            text.push_str(&format!("BMC '{}' answers on {address}\n", self.name));
        }
        if let Some([lantern, ipmitool]) = &self.reach {
            text.push_str(&format!("reach it   {lantern}\n           {ipmitool}\n"));
        }
        if let Some(control) = &self.control {
            text.push_str(&format!("control it lantern bmc ctl --socket {control} status\n"));
        }
        match (&self.qemu, &self.system_interface) {
            (Some(qemu), _) => text.push_str(&format!("its host   {qemu}\n")),
            (None, Some(source)) => text.push_str(&format!("its host   {source}\n")),
            (None, None) => {}
        }
        text + "stop it    Ctrl-C\n"
    }
}

pub(crate) async fn run(command: &Bmc, format: Format) -> Result<(), Error> {
    let (file, state, given) = match command {
        Bmc::Run { file, state, listen, control, vm } => {
            (file, state, Given { listen, control: control.as_deref(), vm: vm.as_ref() })
        }
        Bmc::Ctl(command) => return ctl::run(command, format).await,
        Bmc::Nvram(command) => return nvram::run(command, format),
    };
    let mut config = Config::load(file).map_err(|error| {
        Error::usage(error.to_string()).next("examples/bmc.toml has one of everything")
    })?;
    if let Some(fleet) = &config.fleet {
        if state.is_some() || given.is_anything() {
            return Err(Error::usage(
                "this file describes a fleet, which keeps nothing, answers where the file says and \
                 has no control socket and no hosts: leave --state, --listen, --control and --vm out",
            ));
        }
        return sim::serve(&config, fleet, Some(file), None, format).await;
    }
    if config.qemu.is_some() && given.vm.is_some() {
        return Err(Error::usage(
            "this file has a QEMU of its own, which is wired to its BMC: leave --vm out",
        ));
    }
    given.lay_over(&mut config);
    // Before anybody can know that there is somebody to stop.
    let stop = stop_signal().map_err(no_signals)?;
    let mut reread = signal(SignalKind::hangup()).map_err(no_signals)?;
    let mut server = Server::start(&config, state.as_deref()).map_err(start_error)?;
    let running = Running::new(&config, &server);
    let mut outcome = render_here(&running, format).and_then(output::print);
    tokio::pin!(stop);
    let mut last = config.clone();
    while outcome.is_ok() {
        tokio::select! {
            () = &mut stop => break,
            Some(()) = reread.recv() => match Config::load(file) {
                Ok(new) => last = renew(&server, &config, &last, new, &given),
                Err(error) => tracing::error!("{error}; nothing is changed"),
            },
            failed = server.failed() => {
                outcome = Err(Error::told(Exit::Failed, failed.to_string())
                    .cause("a defect in Lantern, or a network interface that went away")
                    .next("start it again; its state is kept if --state was given"));
            }
        }
    }
    server.stop().await;
    outcome
}

/// What the command line says, which stands over the file.
struct Given<'a> {
    listen: &'a [SocketAddr],
    control: Option<&'a Path>,
    vm: Option<&'a SystemInterfaceSource>,
}

impl Given<'_> {
    const fn is_anything(&self) -> bool {
        !self.listen.is_empty() || self.control.is_some() || self.vm.is_some()
    }

    fn lay_over(&self, config: &mut Config) {
        if !self.listen.is_empty() {
            config.listen = self.listen.to_vec();
        }
        if let Some(control) = self.control {
            config.control = Some(control.to_owned());
        }
        if let Some(source) = self.vm {
            config.system_interface = Some(SystemInterfaceConfig::of(source.clone()));
            config.machine.get_or_insert(MachineKind::Vm);
        }
    }
}

/// Gives a running BMC what is new in its configuration since it was `last` read and can be given
/// to it, and names the rest. What the control socket has put on stays unless the file says something new.
fn renew(
    server: &Server,
    started: &Config,
    last: &Config,
    mut new: Config,
    given: &Given<'_>,
) -> Config {
    given.lay_over(&mut new);
    name_changes(started, &new);
    if new.quirks != last.quirks {
        server.set_quirks(new.quirks);
    }
    if new.faults != last.faults {
        server.set_faults(&new.faults);
    }
    new
}

/// Names what in a new configuration takes a restart.
pub(crate) fn name_changes(started: &Config, new: &Config) {
    for what in started.differences(new) {
        if ![Config::QUIRKS, Config::FAULTS].contains(&what) {
            tracing::warn!("{what} is not as it was at the start: it takes a restart");
        }
    }
}

/// Resolves at SIGINT or SIGTERM. They are caught from now on.
pub(crate) fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// What a command says that was stopped.
pub(crate) fn interrupted() -> Error {
    Error::told(Exit::Interrupted, "interrupted")
        .next("what was sent before is not taken back: look at the state")
}

pub(crate) fn no_signals(error: io::Error) -> Error {
    Error::told(Exit::Failed, format!("signals cannot be caught: {error}"))
}

pub(crate) fn start_error(error: StartError) -> Error {
    let next = match &error {
        StartError::Listen { source, .. } => match source.kind() {
            io::ErrorKind::PermissionDenied => {
                "ports below 1024 take root, or the capability CAP_NET_BIND_SERVICE"
            }
            io::ErrorKind::AddrInUse => {
                "another program has the port: stop it, or choose another one with --listen"
            }
            io::ErrorKind::AddrNotAvailable => {
                "this machine does not have the address: choose another one with --listen"
            }
            _ => "choose another address with --listen",
        },
        StartError::State(error) => {
            return Error::usage(error.to_string()).next(nvram::next(error));
        }
        StartError::Control(error) => match error.why {
            Why::InUse => "another BMC has the socket: stop it, or choose another path",
            Why::NotASocket => "choose a path at which nothing is",
            Why::TooLong => "choose a path of at most 100 bytes",
            Why::Io(_) => "choose a path in a directory that exists and is yours",
        },
        StartError::Serial(_) => "see [serial] in the file; docs/serial.md has what there can be",
        StartError::SystemInterface(_) => {
            "see [system_interface] in the file, and --vm; docs/system-interface.md has what there can be"
        }
        StartError::Qemu(error) => match error {
            QemuError::Directory { .. } => "name another directory with [qemu] directory",
            QemuError::NotPrivate { .. } => {
                "make it so with 'chown' and 'chmod 700', or name another one with [qemu] directory"
            }
            QemuError::TooLong { .. } => "name a shorter one with [qemu] directory",
            QemuError::InUse { .. } => {
                "stop that BMC; two with one name and no --state want a [qemu] directory each"
            }
            QemuError::Stuck { .. } => {
                "a QEMU is there that hangs: see 'fuser' of this path, and end it by hand"
            }
        },
        StartError::Thread(_) => "a limit of the system is reached: see 'ulimit -u'",
    };
    Error::usage(error.to_string()).next(next)
}

/// How to reach a BMC that listens on `address`, with two programs.
pub(crate) fn reach(address: SocketAddr, user: &str) -> [String; 2] {
    let ip = from_here(address.ip());
    let port = address.port();
    [
        format!("lantern -H {} -U {user} power status", SocketAddr::new(ip, port)),
        format!("ipmitool -I lanplus -C 17 -H {ip} -p {port} -U {user} power status"),
    ]
}
