//! `local`: the way to the machine's own BMC.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use ipmi_client::local::{Machine, ModuleState, Survey};
use ipmi_client::{Bmc, Credentials, Timing};
use tokio::process::Command;
use tokio::time::{Instant, sleep};

use super::Outcome;
use crate::cli::{Globals, Local};
use crate::error::{Error, Exit};
use crate::local::LocalBmc;
use crate::view::local::{Answer, Load, Loaded, Status};

/// How long the BMC is given to say who it is: the kernel has an answer by then, if only to say that
/// there is none.
const PATIENCE: Duration = Duration::from_secs(6);
/// How long the kernel is given to find a BMC once its modules are loaded. It tries for half a
/// minute where something is there and does not answer; one that is well answers in a second.
const DETECTION: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(100);

pub(crate) async fn run(command: &Local, globals: &Globals) -> Outcome {
    if !globals.hosts.is_empty() {
        return Err(Error::usage("this is about the machine that it runs on, and -H about others"));
    }
    let bmc = LocalBmc::at(globals.device.clone(), None);
    match command {
        Local::Status { root: Some(root) } => {
            // A copy answers nothing.
            let survey = Machine::at(root).survey();
            let trouble = survey.absence(&bmc.nodes);
            Ok(Box::new(Status::new(&survey, None, trouble.as_ref(), &bmc)))
        }
        Local::Status { root: None } => status(&bmc, globals).await,
        Local::Load => load(&bmc).await,
    }
}

async fn status(local: &LocalBmc, globals: &Globals) -> Outcome {
    let machine = Machine::default();
    let survey = machine.survey();
    let trouble = survey.absence(&local.nodes);
    let answer = match trouble {
        Some(_) => None,
        None => Some(ask(local, &machine, globals).await),
    };
    Ok(Box::new(Status::new(&survey, answer, trouble.as_ref(), local)))
}

/// Who the BMC says that it is.
async fn ask(local: &LocalBmc, machine: &Machine, globals: &Globals) -> Answer {
    let credentials = Credentials::new(b"", b"");
    let device = local.open(machine);
    let (device, credentials) = match (device, credentials) {
        (Ok(device), Some(credentials)) => (device, credentials),
        (Err(error), _) => return Answer::Not(error),
        (_, None) => return Answer::Not(Error::usage("nobody can be logged in")),
    };
    let deadline = globals.deadline.unwrap_or(PATIENCE);
    let timing = Timing { deadline, ..Timing::default() };
    let bmc = Bmc::local(&device, Credentials { timing, ..credentials });
    match bmc.device_id().await {
        Ok(id) => Answer::Is(bmc.location().to_string(), id),
        Err(error) => Answer::Not(error.into()),
    }
}

async fn load(local: &LocalBmc) -> Outcome {
    if !rustix::process::geteuid().is_root() {
        return Err(Error::told(Exit::Failed, "modules are loaded by root only")
            .next("sudo lantern local load"));
    }
    let machine = Machine::default();
    let before = machine.survey();
    let missing = before.missing_modules();
    let mut loaded = Vec::new();
    if !missing.is_empty() {
        let modprobe = modprobe().ok_or_else(|| {
            Error::told(Exit::Failed, "there is no modprobe in /sbin, /usr/sbin, /bin or /usr/bin")
                .cause("this is a minimal system, or a container: those use their host's modules")
                .next(format!(
                    "load them as this system does, in this order: {}; in a container, on its host",
                    missing.join(", ")
                ))
        })?;
        for name in &missing {
            loaded.push(load_one(&modprobe, name).await);
        }
    }
    let after = wait_for_node(&machine, local).await;
    Ok(Box::new(Load::new(&before, &after, loaded, local)))
}

/// By its usual places: a search path of somebody else's is not trusted by root.
fn modprobe() -> Option<PathBuf> {
    let places = ["/sbin", "/usr/sbin", "/bin", "/usr/bin"];
    let mut paths = places.into_iter().map(|place| Path::new(place).join("modprobe"));
    paths.find(|path| path.exists())
}

async fn load_one(modprobe: &Path, name: &'static str) -> Loaded {
    let output = Command::new(modprobe).arg(name).stdin(Stdio::null()).output().await;
    let failed = |why: String| Loaded { name, error: Some(why) };
    match output {
        Ok(output) if output.status.success() => Loaded { name, error: None },
        Ok(output) => {
            let text = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            failed(if text.is_empty() { output.status.to_string() } else { text })
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => failed("no modprobe".to_owned()),
        Err(error) => failed(error.to_string()),
    }
}

/// The kernel looks for a BMC after the module is there, and udev makes the node after that.
async fn wait_for_node(machine: &Machine, local: &LocalBmc) -> Survey {
    let limit = Instant::now() + DETECTION;
    loop {
        let survey = machine.survey();
        let modules_are_there = survey.missing_modules().is_empty();
        let is_there = survey.absence(&local.nodes).is_none();
        if is_there || !modules_are_there || Instant::now() >= limit {
            return survey;
        }
        sleep(PAUSE).await;
    }
}

/// Whether a module is there in one survey and was not in another.
pub(crate) fn came(before: &Survey, after: &Survey, name: &str) -> bool {
    let state = |survey: &Survey| survey.modules.iter().find(|m| m.name == name).map(|m| m.state);
    state(after).is_some_and(ModuleState::is_there)
        && !state(before).is_some_and(ModuleState::is_there)
}
