//! The task that looks after QEMU: it carries out what is asked, and hears what happens.
//!
//! ```text
//!           start               the monitor answers, boot order, `cont`
//!  no QEMU ───────► starting ──────────────────────────────────────────► running
//!     ▲                │                                                    │
//!     └────────────────┴──── ended: by us, by the guest, by itself ─────────┘
//! ```
//!
//! Every step that QEMU could drag out has its time. Nothing is started but when somebody asks for
//! it: a QEMU that ends at once is not started over and over.

use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;

use ipmi_bmc::platform::{BootOrder, PlatformEvent, PowerCause};
use serde_json::json;
use tokio::net::UnixStream;
use tokio::time::{Instant, sleep_until, timeout};

use super::Qemu;
use super::boot::{BootPlan, Start};
use super::command::{Reconnect, Template, extra_arguments, line, reconnect};
use super::directory::Directory;
use super::order::SETTLING;
use super::process::{Process, last_words, trim};
use super::qmp::{Event, Link, QmpError};
use super::run::{FIRST_PAUSE, LONGEST_PAUSE, LOOKING, PATIENCE, Run};
use super::shared::{Action, Shared, cause_of};
use super::status::{Seen, end, kind_of};
use crate::config::QemuConfig;
use crate::control::reply::QemuEndKind;
use crate::system_interface;

/// How long QEMU has to end once it has said that it does: its disks may take their time.
const ENDING: Duration = Duration::from_secs(3);
/// A host may take so long in all to get and read the answer to the request for a reset.
const READING: Duration = Duration::from_millis(500);
/// A QEMU that starts and has not answered for so long is told of.
const STARTING: Duration = Duration::from_secs(10);

pub(super) struct Task {
    shared: Arc<Shared>,
    directory: Directory,
    template: Template,
    plan: BootPlan,
    config: QemuConfig,
    host: Option<system_interface::Seen>,
    run: Option<Run>,
}

/// What has come up.
enum News {
    /// Something may be asked.
    Asked,
    /// QEMU has ended.
    Ended(Option<ExitStatus>),
    /// QEMU says something.
    Event(Result<Event, QmpError>),
    /// Something is due.
    Due,
}

impl Task {
    pub(super) fn new(shared: Arc<Shared>, qemu: Qemu) -> Self {
        let Qemu { directory, template, plan, config, monitor, host } = qemu;
        let mut task = Self { shared, directory, template, plan, config, host, run: None };
        if let Some(monitor) = monitor
            && let Err(error) = task.adopt(monitor)
        {
            tracing::error!(%error, "the QEMU that runs cannot be looked after");
            task.shared.tell(PlatformEvent::PoweredOff(PowerCause::Fault));
        }
        task
    }

    /// Takes over a QEMU that runs.
    fn adopt(&mut self, monitor: std::os::unix::net::UnixStream) -> std::io::Result<()> {
        monitor.set_nonblocking(true)?;
        let link = Link::new(UnixStream::from_std(monitor)?);
        let number = link.peer().ok_or(std::io::ErrorKind::NotFound)?;
        let process = Process::adopt(number)?;
        tracing::info!(pid = number, "a QEMU runs already: the machine is on");
        self.shared.set_process(process.duplicate());
        let mut run = Run::new(process, extra_arguments(number), None);
        run.link = Some(link);
        run.is_going = true;
        self.run = Some(run);
        Ok(())
    }

    pub(super) async fn run(mut self) {
        loop {
            while let Some(action) = self.shared.take() {
                self.carry_out(action).await;
            }
            self.shared.note(self.run.as_ref().map(Seen::of));
            let Some(run) = &mut self.run else {
                self.shared.changed().await;
                continue;
            };
            let due = run.due();
            let news = tokio::select! {
                () = self.shared.changed() => News::Asked,
                event = Run::event(&mut run.link) => News::Event(event),
                status = run.process.ended() => News::Ended(status),
                () = sleep_until(due) => News::Due,
            };
            match news {
                News::Asked => {}
                News::Event(Ok(event)) => self.heed(&event),
                News::Event(Err(error)) => {
                    tracing::debug!(%error, "QEMU");
                    run.drop_link();
                }
                News::Ended(status) => self.note_end(status).await,
                News::Due => self.see_to_what_is_due().await,
            }
        }
    }

    async fn carry_out(&mut self, action: Action) {
        // One that was just found, or has lost its link, may well answer.
        if self.run.as_ref().is_some_and(|run| run.is_going && !run.is_linked()) {
            self.reach().await;
        }
        match (action, &self.run) {
            (Action::On(order), None) => self.start(order).await,
            (Action::On(_), Some(_)) | (Action::Off, None) => {}
            (Action::Off, Some(_)) => self.end(true, QemuEndKind::Ordered).await,
            (Action::Reset(order), Some(_)) => self.reset(order).await,
            (Action::Redirect(order), Some(run)) => {
                let start = self.plan.start(order);
                // Otherwise it is on its way already.
                if start.first.is_some() || start.arguments != run.arguments {
                    self.reset(order).await;
                }
            }
            (Action::SoftOff, Some(_)) => self.ask_to_shut_down().await,
            (Action::Interrupt, Some(_)) => self.interrupt().await,
            (
                Action::Reset(_) | Action::Redirect(_) | Action::SoftOff | Action::Interrupt,
                None,
            ) => tracing::debug!(?action, "the machine has gone off before that"),
        }
    }

    /// Starts a QEMU.
    async fn start(&mut self, order: Option<BootOrder>) {
        let Start { arguments, first } = self.plan.start(order);
        let command = self.template.command.clone();
        // Each time: it may have been replaced by a later one.
        let reconnect = tokio::task::spawn_blocking(move || reconnect(&command)).await;
        self.template.reconnect = reconnect.unwrap_or(Reconnect::Seconds);
        let line = line(&self.template, &arguments, &self.directory);
        let program = line.first().cloned().unwrap_or_default();
        tracing::debug!(command = line.join(" "), "QEMU is started");
        let log = self.directory.log();
        // The program may be on a disk that is slow.
        let started = tokio::task::spawn_blocking(move || Process::start(&line, &log)).await;
        let started = started.unwrap_or_else(|error| Err(std::io::Error::other(error)));
        match started.and_then(Process::of_child) {
            Ok(process) => {
                tracing::info!(pid = process.number(), "QEMU is started");
                self.shared.set_process(process.duplicate());
                let run = Run::new(process, arguments, first);
                self.shared.note(Some(Seen::of(&run)));
                self.run = Some(run);
            }
            Err(error) => {
                let says = Some(format!("{program}: {error}"));
                self.shared.note_end(end(None, QemuEndKind::NotStarted, says, String::new()));
                tracing::error!(
                    program,
                    %error,
                    "the machine stays off: QEMU cannot be started; is it installed, and is [qemu] \
                     command right?"
                );
                self.shared.tell(PlatformEvent::StayedOff);
            }
        }
    }

    /// Ends QEMU: asks it first, unless it is known not to answer, and then does it.
    async fn end(&mut self, ask: bool, kind: QemuEndKind) {
        let Some(mut run) = self.run.take() else { return };
        // A machine that is switched off loses what it has not written; QEMU need not.
        if ask && run.is_linked() {
            match run.execute("quit", json!({})).await {
                Ok(_) | Err(QmpError::Lost(_)) => {
                    let _ = timeout(ENDING, run.process.ended()).await;
                }
                Err(error) => tracing::warn!(%error, "QEMU is killed"),
            }
        }
        run.process.kill();
        let ended = timeout(ENDING, run.process.ended()).await;
        if ended.is_err() {
            tracing::error!(
                pid = run.process.number(),
                "QEMU is killed and does not end: the system waits for something of its, such as a \
                 disk"
            );
        }
        let (pid, says) = (run.process.number(), ended.ok().flatten().map(|how| how.to_string()));
        tracing::info!(pid, "QEMU has ended, and the machine is off");
        self.shared.set_process(None);
        self.shared.note_end(end(Some(pid), kind, says, String::new()));
    }

    /// Resets the machine.
    async fn reset(&mut self, order: Option<BootOrder>) {
        let Start { arguments, first } = self.plan.start(order);
        let Some(run) = &mut self.run else { return };
        let mut answers = true;
        if run.arguments != arguments {
            tracing::info!("QEMU is started anew, to start with other arguments");
        } else if !run.is_going {
            // It has not begun.
            run.first = first;
            return;
        } else {
            run.first = first;
            match self.reset_running().await {
                Ok(()) => return,
                Err(error) => {
                    answers = false;
                    tracing::warn!(%error, "QEMU is killed and started anew, to reset it");
                }
            }
        }
        self.end(answers, QemuEndKind::Ordered).await;
        self.start(order).await;
    }

    async fn reset_running(&mut self) -> Result<(), QmpError> {
        let Some(run) = &mut self.run else { return Ok(()) };
        run.set_boot_order(&self.shared).await?;
        if let Some(host) = &self.host {
            let _ = timeout(READING, host.has_read()).await;
        }
        run.execute("system_reset", json!({})).await?;
        run.last_start = Some(Instant::now());
        (run.soft_off, run.has_panicked, run.ending) = (None, false, None);
        // A machine that somebody has stopped, or that has stopped for an error, goes on.
        if !run.ask_status().await?.0 {
            run.execute("cont", json!({})).await?;
        }
        Ok(())
    }

    async fn ask_to_shut_down(&mut self) {
        let Some(run) = &mut self.run else { return };
        match run.execute("system_powerdown", json!({})).await {
            Ok(_) => tracing::info!("the operating system is asked to shut down"),
            Err(error) => tracing::warn!(%error, "the operating system is not asked to shut down"),
        }
        // Who asks twice has not more patience.
        if run.soft_off.is_none() {
            run.soft_off = self.config.soft_off_timeout.map(|time| Instant::now() + time);
        }
    }

    async fn interrupt(&mut self) {
        let Some(run) = &mut self.run else { return };
        match run.execute("inject-nmi", json!({})).await {
            Ok(_) => tracing::info!("the machine has got a diagnostic interrupt"),
            Err(error) => tracing::warn!(%error, "the machine gets no diagnostic interrupt"),
        }
    }

    /// Takes in what QEMU says has happened.
    fn heed(&mut self, event: &Event) {
        let Some(run) = &mut self.run else { return };
        let now = Instant::now();
        match event.name.as_str() {
            "SHUTDOWN" => {
                let (by_guest, reason) = (event.is_by_guest(), event.text("reason"));
                tracing::info!(by_guest, reason, "the machine goes off");
                run.ending = Some((cause_of(reason, by_guest), now + ENDING));
            }
            "RESET" => {
                let is_part = run.last_start.is_some_and(|start| now < start + SETTLING);
                if is_part || !run.is_going {
                    return;
                }
                let (by_guest, reason) = (event.is_by_guest(), event.text("reason"));
                tracing::info!(by_guest, reason, "the machine was reset");
                run.last_start = Some(now);
                (run.soft_off, run.has_panicked) = (None, false);
                self.shared.tell(PlatformEvent::Reset(cause_of(reason, by_guest)));
            }
            "GUEST_PANICKED" => {
                let action = event.text("action");
                if !std::mem::replace(&mut run.has_panicked, true) {
                    tracing::warn!(action, "the operating system has panicked");
                    self.shared.tell(PlatformEvent::Panicked);
                }
            }
            "GUEST_CRASHLOADED" => {
                tracing::warn!("the operating system writes a dump of its crash")
            }
            "WATCHDOG" => {
                let action = event.text("action");
                tracing::warn!(action, "a watchdog of QEMU's has run out");
            }
            "STOP" => {
                run.is_paused = true;
                tracing::info!("the machine is stopped");
            }
            "RESUME" => {
                run.is_paused = false;
                tracing::debug!("the machine goes on");
            }
            name => tracing::trace!(name, "QEMU"),
        }
    }

    /// QEMU has ended, and nobody here has asked for it.
    async fn note_end(&mut self, status: Option<ExitStatus>) {
        let Some(mut run) = self.run.take() else { return };
        // What it said last may say why.
        if let Some(link) = &mut run.link {
            while let Ok(Ok(event)) = timeout(FIRST_PAUSE, link.event()).await {
                if event.name == "SHUTDOWN" {
                    let cause = cause_of(event.text("reason"), event.is_by_guest());
                    run.ending.get_or_insert((cause, Instant::now()));
                }
            }
        }
        self.shared.set_process(None);
        let pid = run.process.number();
        let says = status.map(|status| status.to_string());
        let how = says.clone().unwrap_or_else(|| "ended".to_owned());
        let log = self.directory.log();
        let words = tokio::task::spawn_blocking(move || last_words(&log)).await.unwrap_or_default();
        if !run.is_going {
            self.shared.note_end(end(Some(pid), QemuEndKind::NotStarted, says, words.clone()));
            tracing::error!(
                pid,
                how,
                says = words,
                "the machine stays off: QEMU has ended at once"
            );
            self.shared.tell(PlatformEvent::StayedOff);
            return;
        }
        let cause = match (run.ending, status) {
            (Some((cause, _)), _) => cause,
            // It was not heard, and is none that fails.
            (None, Some(status)) if status.success() => PowerCause::OperatingSystem,
            (None, _) => PowerCause::Fault,
        };
        self.shared.note_end(end(Some(pid), kind_of(cause), says, words.clone()));
        match cause {
            PowerCause::Fault => {
                tracing::error!(pid, how, says = words, "QEMU has failed, and the machine is off");
            }
            _ => tracing::info!(pid, how, "QEMU has ended, and the machine is off"),
        }
        self.shared.tell(PlatformEvent::PoweredOff(cause));
    }

    async fn see_to_what_is_due(&mut self) {
        let Some(run) = &mut self.run else { return };
        let now = Instant::now();
        if now >= run.next_look {
            run.next_look = now + LOOKING;
            let log = self.directory.log();
            drop(tokio::task::spawn_blocking(move || trim(&log)));
            // One that hangs is told of as long as nobody wants anything of it, too.
            let was_silent = run.is_silent;
            if run.is_reached && run.ask_status().await.is_err() && run.is_silent && !was_silent {
                let pid = run.process.number();
                tracing::warn!(pid, "QEMU does not answer; the machine is on");
            }
        }
        if let Some((cause, at)) = run.ending
            && now >= at
        {
            // `-no-shutdown` keeps QEMU for a machine that is off.
            self.end(true, kind_of(cause)).await;
            self.shared.tell(PlatformEvent::PoweredOff(cause));
            return;
        }
        if run.soft_off.is_some_and(|at| now >= at) {
            run.soft_off = None;
            tracing::warn!(
                seconds = self.config.soft_off_timeout.unwrap_or_default().as_secs(),
                "the operating system was asked to shut down, and is on still"
            );
            if self.config.soft_off_forces {
                self.end(true, QemuEndKind::Ordered).await;
                self.shared.tell(PlatformEvent::PoweredOff(PowerCause::OperatingSystem));
                return;
            }
        }
        if !run.is_reached {
            if now >= run.next_attempt {
                self.reach().await;
            }
        } else if run.restore.as_ref().is_some_and(|(at, _)| now >= *at)
            && let Err(error) = run.restore_boot_order().await
        {
            tracing::warn!(%error, "QEMU's boot order does not go back to what it was");
        }
    }

    /// Reaches for the monitor, and lets a machine go that waits for that.
    async fn reach(&mut self) {
        let Err(error) = self.try_to_reach().await else { return };
        let Some(run) = &mut self.run else { return };
        if error.ends_the_link() {
            run.link = None;
        }
        let is_not_qmp = matches!(error, QmpError::NotQmp);
        if !run.is_told && (is_not_qmp || run.since.elapsed() >= STARTING) {
            run.is_told = true;
            let pid = run.process.number();
            tracing::warn!(pid, %error, "QEMU's monitor cannot be reached; the machine is on");
        }
        run.next_attempt = Instant::now() + run.pause;
        run.pause = run.pause.saturating_mul(2).min(LONGEST_PAUSE);
    }

    async fn try_to_reach(&mut self) -> Result<(), QmpError> {
        let Some(run) = &mut self.run else { return Ok(()) };
        if run.link.is_none() {
            run.link = Some(Link::connect(&self.directory.monitor()).await?);
        }
        if let Some(link) = &mut run.link
            && !link.is_ready()
        {
            link.greet(PATIENCE).await?;
            tracing::debug!(version = ?link.version(), "QEMU's monitor is reached");
        }
        let (_, status) = run.ask_status().await?;
        match status.as_str() {
            // It has just been started, or the BMC was gone before it let it go.
            "prelaunch" => {
                run.set_boot_order(&self.shared).await?;
                if run.restore.is_some() {
                    // Firmware finds the order that there was at the last reset.
                    run.execute("system_reset", json!({})).await?;
                }
                run.execute("cont", json!({})).await?;
                run.is_paused = false;
            }
            "shutdown" => {
                let cause = PowerCause::OperatingSystem;
                run.ending.get_or_insert((cause, Instant::now() + ENDING));
            }
            _ => {}
        }
        let Some(run) = &mut self.run else { return Ok(()) };
        if !std::mem::replace(&mut run.is_going, true) {
            run.last_start = Some(Instant::now());
        }
        (run.is_reached, run.is_told, run.pause) = (true, false, FIRST_PAUSE);
        Ok(())
    }
}
