//! A machine that is a QEMU process, which the BMC starts, ends, and finds again.
//!
//! The BMC has a [`QemuPlatform`] that never blocks; a task behind it looks after the process and
//! talks to its monitor. What is asked of the machine is done a moment later, whatever QEMU is up to:
//! one that does not answer is killed if it is to go off. The process outlives the BMC: whoever
//! comes next with the same directory finds it by its monitor socket. What the sensors say is
//! simulated, as the air around a virtual machine is.
//!
//! * `shared`: what both ends hold. `task`: the task. `run`, `process`, `spawn`: what it looks after.
//! * `qmp`: QEMU's monitor. `boot`, `order`: from what it starts. `command`: its command line.
//! * `directory`: where BMC and QEMU meet. `status`: what is told of it to who looks.

use std::collections::VecDeque;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ipmi_bmc::platform::{
    BootOrder, Platform, PlatformError, PlatformEvent, PowerCause, PowerSignal,
};
use ipmi_wire::cmd::chassis::BootDevice;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with};

use super::sim::SimPlatform;
use super::sources::Wake;
use crate::config::QemuConfig;
use crate::control::reply::QemuInfo;
use crate::system_interface::Seen;

mod boot;
mod command;
mod directory;
mod order;
mod process;
#[doc(hidden)]
pub mod qmp;
mod run;
mod shared;
mod spawn;
mod status;
mod task;
#[cfg(test)]
mod tests;

pub use boot::BootMeans;
pub use directory::QemuError;

use boot::{BootPlan, Kind};
use command::{Reconnect, Template};
use directory::{Directory, default_directory};
use shared::{Action, Shared};
use task::Task;

/// A QEMU that may run, and the place where it does.
pub(crate) struct Qemu {
    directory: Directory,
    template: Template,
    plan: BootPlan,
    config: QemuConfig,
    /// A connection to the monitor of one that runs.
    monitor: Option<UnixStream>,
    /// The software on it that asks the BMC.
    host: Option<Seen>,
}

/// The machine, to the process around its BMC: how it is, and how a BMC that stops treats it.
#[derive(Clone)]
pub(crate) struct Handle {
    shared: Arc<Shared>,
    ends_with_bmc: bool,
}

impl Qemu {
    /// Takes the directory of the BMC's QEMU, and looks whether one runs there.
    pub(crate) fn open(
        config: &QemuConfig,
        name: &str,
        state: Option<&Path>,
    ) -> Result<Self, QemuError> {
        let place = config.directory.clone();
        let directory = Directory::take(&place.unwrap_or_else(|| default_directory(name, state)))?;
        let monitor = find(&directory)?;
        let plan = BootPlan { means: config.boot.clone(), efi: config.efi.clone() };
        let template = Template {
            command: config.command.clone(),
            reconnect: Reconnect::Seconds,
            has_serial: false,
            has_system_interface: false,
        };
        Ok(Self { directory, template, plan, config: config.clone(), monitor, host: None })
    }

    /// Whether one runs.
    pub(crate) const fn is_running(&self) -> bool {
        self.monitor.is_some()
    }

    /// Where the BMC is to listen for the serial port, which QEMU is then told of.
    pub(crate) fn wire_serial(&mut self) -> PathBuf {
        self.template.has_serial = true;
        self.directory.serial()
    }

    /// Where the BMC is to listen for the system interface, which QEMU is then told of.
    pub(crate) fn wire_system_interface(&mut self) -> PathBuf {
        self.template.has_system_interface = true;
        self.directory.system_interface()
    }

    /// What is seen at its system interface: whoever asks there is to read the answer before a reset.
    pub(crate) fn set_host(&mut self, host: Seen) {
        self.host = Some(host);
    }

    /// The machine, with `body` for all that it has beside its power. `was_on` says how an earlier BMC
    /// left it, if there was one. Nothing is started before the task is
    /// [let go](Starter::go).
    pub(crate) fn machine(
        self,
        body: SimPlatform,
        was_on: Option<bool>,
        wake: &Wake,
    ) -> (QemuPlatform, Starter) {
        let shared = Arc::new(Shared::new(Arc::clone(wake)));
        let mut platform = QemuPlatform {
            on: body.is_on(),
            body,
            shared: Arc::clone(&shared),
            boot_devices: Vec::new(),
            plan: self.plan.clone(),
            order: None,
            is_told: false,
            is_due: false,
            events: VecDeque::new(),
            ends_with_bmc: self.config.ends_with_bmc,
        };
        if !self.is_running() {
            if was_on == Some(true) {
                platform.events.push_back(PlatformEvent::PoweredOff(PowerCause::Mains));
            }
            match (platform.on, was_on) {
                (false, _) => {}
                // The boot options are asked before it starts.
                (true, Some(_)) => {
                    platform.events.push_back(PlatformEvent::PoweredOn(PowerCause::Mains));
                    platform.is_due = true;
                }
                (true, None) => {
                    shared.ask(Action::On(None));
                }
            }
        }
        let ends_with_bmc = self.config.ends_with_bmc;
        (platform, Starter { handle: Handle { shared, ends_with_bmc }, qemu: self })
    }
}

/// A machine's task, which has not begun.
pub(crate) struct Starter {
    handle: Handle,
    qemu: Qemu,
}

impl Starter {
    /// What stands for the machine meanwhile.
    pub(crate) fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Lets it go, once all that QEMU connects to is there. Has to be called inside a tokio runtime.
    pub(crate) fn go(self) {
        let task = Task::new(Arc::clone(&self.handle.shared), self.qemu);
        self.handle.shared.set_task(tokio::spawn(task.run()).abort_handle());
    }
}

impl std::fmt::Debug for Handle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Handle").finish_non_exhaustive()
    }
}

impl Handle {
    /// How the machine's QEMU is. Nobody is asked: what is known of it counts.
    pub(crate) fn info(&self) -> QemuInfo {
        self.shared.info()
    }

    /// Ends the machine if it ends with the BMC, and waits until it has, but not for long.
    pub(crate) async fn stop(&self) {
        const PATIENCE: Duration = Duration::from_secs(10);
        if !self.ends_with_bmc {
            return;
        }
        self.shared.ask(Action::Off);
        if tokio::time::timeout(PATIENCE, self.shared.ended()).await.is_err() {
            tracing::error!("QEMU does not end; it is left behind");
        }
    }
}

/// Connects to the monitor of a QEMU that an earlier BMC has left. One that it has started just before it
/// ended has no monitor yet: to start another one with the same disks would be the end of them.
fn find(directory: &Directory) -> Result<Option<UnixStream>, QemuError> {
    const PATIENCE: Duration = Duration::from_secs(3);
    let path = directory.monitor();
    let begin = Instant::now();
    loop {
        let stuck = |source| QemuError::Stuck { path: path.clone(), source };
        let monitor = probe(&path).map_err(stuck)?;
        if monitor.is_some() || !directory.is_printed_to() {
            return Ok(monitor);
        }
        if begin.elapsed() > PATIENCE {
            tracing::warn!(
                log = %directory.log().display(),
                "no QEMU has its monitor here, and something an earlier one has started prints to its \
                 log still; the machine is taken for off"
            );
            return Ok(None);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Connects to a monitor if a QEMU is there. Nothing is waited for.
fn probe(path: &Path) -> io::Result<Option<UnixStream>> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket: OwnedFd = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    match connect(&socket, &SocketAddrUnix::new(path)?) {
        Ok(()) => Ok(Some(UnixStream::from(socket))),
        // None was ever there, or it is gone.
        Err(rustix::io::Errno::NOENT | rustix::io::Errno::CONNREFUSED) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// A machine that is a QEMU process.
pub(crate) struct QemuPlatform {
    /// Whether it is on, as far as the BMC has been told.
    on: bool,
    /// What its sensors say, and all else that a machine has beside its power.
    body: SimPlatform,
    shared: Arc<Shared>,
    /// What the configuration lets it start from.
    boot_devices: Vec<BootDevice>,
    plan: BootPlan,
    /// From what the next start is to be.
    order: Option<BootOrder>,
    /// The BMC has learned of a start and says next from what that is to be.
    is_told: bool,
    /// That start is still to be brought about.
    is_due: bool,
    events: VecDeque<PlatformEvent>,
    ends_with_bmc: bool,
}

impl QemuPlatform {
    /// What the configuration lets it start from.
    pub(crate) fn set_boot_devices(&mut self, devices: Vec<BootDevice>) {
        self.boot_devices = devices;
    }

    fn ask(&self, action: Action) -> Result<(), PlatformError> {
        if self.shared.ask(action) { Ok(()) } else { Err(PlatformError::Failed) }
    }

    /// Its sensors feel it.
    fn turn(&mut self, now: Instant, on: bool) {
        self.on = on;
        // A simulated machine does as it is told.
        let _ = self.body.power(now, if on { PowerSignal::On } else { PowerSignal::Off });
    }
}

impl Platform for QemuPlatform {
    fn advance(&mut self, now: Instant) {
        self.body.advance(now);
        while self.body.poll_event().is_some() {}
        for event in self.shared.events() {
            match event {
                PlatformEvent::PoweredOn(_) => self.turn(now, true),
                PlatformEvent::PoweredOff(_) | PlatformEvent::StayedOff => self.turn(now, false),
                PlatformEvent::Reset(_) => {
                    let _ = self.body.power(now, PowerSignal::Reset);
                }
                PlatformEvent::Panicked => {}
            }
            self.events.push_back(event);
        }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.body.poll_timeout()
    }

    fn is_on(&self) -> bool {
        self.on
    }

    fn power(&mut self, now: Instant, action: PowerSignal) -> Result<(), PlatformError> {
        self.advance(now);
        match (action, self.on) {
            (PowerSignal::On, true) | (PowerSignal::Off | PowerSignal::SoftShutdown, false) => {
                Ok(())
            }
            (PowerSignal::On, false) => {
                let order = self.order.take();
                self.ask(Action::On(order))?;
                self.turn(now, true);
                Ok(())
            }
            (PowerSignal::Off, true) => {
                self.is_due = false;
                self.ask(Action::Off)?;
                self.turn(now, false);
                Ok(())
            }
            (PowerSignal::SoftShutdown, true) => self.ask(Action::SoftOff),
            (PowerSignal::Reset, true) => {
                let order = self.order.take();
                self.ask(Action::Reset(order))?;
                self.body.power(now, PowerSignal::Reset)
            }
            (PowerSignal::DiagnosticInterrupt, true) => self.ask(Action::Interrupt),
            (PowerSignal::Reset | PowerSignal::DiagnosticInterrupt, false) => {
                Err(PlatformError::WrongState)
            }
        }
    }

    fn can_boot_from(&self, device: BootDevice) -> bool {
        if device == BootDevice::NO_OVERRIDE {
            return true;
        }
        let is_named = self.plan.means.contains_key(&device.0);
        let is_there = Kind::of(device).is_some_and(|kind| self.shared.may_have(kind));
        is_named || (self.boot_devices.contains(&device) && is_there)
    }

    fn boot_from(&mut self, _: Instant, order: Option<BootOrder>) {
        if !std::mem::take(&mut self.is_told) {
            self.order = order;
            return;
        }
        let action = match std::mem::take(&mut self.is_due) {
            true => Action::On(order),
            false => Action::Redirect(order),
        };
        // If there is too much to do it starts as it is set up.
        let _ = self.ask(action);
    }

    fn body(&mut self) -> Option<&mut dyn Platform> {
        Some(&mut self.body)
    }

    fn poll_event(&mut self) -> Option<PlatformEvent> {
        let event = self.events.pop_front();
        self.is_told = matches!(event, Some(PlatformEvent::PoweredOn(_) | PlatformEvent::Reset(_)));
        event
    }
}

impl Drop for QemuPlatform {
    fn drop(&mut self) {
        self.shared.close();
        if self.ends_with_bmc {
            self.shared.terminate();
        }
    }
}
