//! `demo`: the reference BMC inside this process, toured by a real client over UDP.
//!
//! Nothing is staged: each step shows what a command returned, and the tour fails where the result
//! is not what it should be. So it is a test, too.

mod stage;

use std::path::Path;
use std::time::{Duration, Instant};

use ipmi_client::sensors::Sensor;
use ipmi_client::{Agreed, SessionError};
use ipmi_wire::Privilege;
use ipmi_wire::cmd::app::{GetDeviceId, GetSessionInfo, GetSystemGuid, SessionSelector};
use ipmi_wire::cmd::chassis::PowerAction;
use ipmi_wire::sdr::SensorType;
use ipmi_wire::session::CipherSuite;
use lantern_bmcd::{Config, Server};

use crate::commands::bmc::{interrupted, no_signals, start_error, stop_signal};
use crate::commands::sel;
use crate::error::Error;
use crate::view::View;
use crate::view::mc::{GuidView, Info};
use crate::view::sensor::{List, SensorView};
use crate::view::session::Session;
use stage::{Stage, WIDTH, ensure, say, show};

/// The BMC of the tour.
const CONFIG: &str = include_str!("../../../examples/bmc.toml");
const USER: &str = "admin";
const PASSWORD: &str = "Complex_Pass";
const GUEST: (&str, &str) = ("guest", "Guest_Pass_4");

/// The sensors shown: a dozen, some of each kind.
const SHOWN: [&str; 12] = [
    "CPU1 Temp",
    "Inlet Temp",
    "DIMM A Temp",
    "FAN1",
    "FAN2",
    "12V",
    "3.3V",
    "CPU1 Vcore",
    "Total Power",
    "PSU1 Current",
    "Chassis Intru",
    "PSU1 Status",
];

/// Runs the tour and, unless `once`, stays up until interrupted.
pub(crate) async fn run(once: bool) -> Result<(), Error> {
    let mut stop = std::pin::pin!(stop_signal().map_err(no_signals)?);
    let mut config = Config::parse(CONFIG, Path::new("examples/bmc.toml"))
        .map_err(|error| Error::usage(error.to_string()))?;
    config.listen = vec![([127, 0, 0, 1], 0).into()];
    // A cold machine has further to go.
    config.power_on = false;
    let server = Server::start(&config, None).map_err(start_error)?;
    let stage = Stage::new(&server, USER, PASSWORD)?;
    let toured = tokio::select! {
        toured = tour(&stage, &config.name) => toured,
        () = &mut stop => Err(interrupted()),
    };
    stage.end().await;
    let outcome = toured.and_then(|()| goodbye(&stage, once));
    if outcome.is_ok() && !once {
        stop.await;
    }
    server.stop().await;
    outcome
}

async fn tour(stage: &Stage, name: &str) -> Result<(), Error> {
    let address = stage.address;
    say(&format!(
        "A BMC, '{name}', runs inside this process and answers on {address}.\n\
         Its machine is off and cold. What follows is a client managing it, over UDP.\n"
    ))?;
    session(stage).await?;
    identity(stage).await?;
    warm_up(stage).await?;
    sensors(stage).await?;
    cycle(stage).await?;
    off_twice(stage).await?;
    log(stage).await?;
    refusals(stage).await
}

async fn session(stage: &Stage) -> Result<(), Error> {
    stage.heading("A session", "session info")?;
    let started = Instant::now();
    let opened = stage.bmc.connect().await?;
    let took = started.elapsed().as_secs_f64() * 1e3;
    let (sent, received) = stage.endpoint.datagrams();
    let current = GetSessionInfo { selector: SessionSelector::Current };
    let answer = stage.bmc.send(&current).await?;
    let view = Session::new(opened.agreed, opened.noticed, &answer);
    show(&view.text(WIDTH))?;
    say(&format!("   logged in with {sent} datagrams out, {received} in, in {took:.1} ms\n"))?;
    ensure(
        opened.agreed.and_then(Agreed::suite) == Some(CipherSuite::SUITE_17),
        "cipher suite 17 is in use",
    )
}

async fn identity(stage: &Stage) -> Result<(), Error> {
    stage.heading("Who it is", "mc info")?;
    let info = Info::from(&stage.bmc.send(&GetDeviceId).await?);
    show(&info.text(WIDTH))?;
    stage.command("mc guid")?;
    let guid = GuidView::from(&stage.bmc.send(&GetSystemGuid).await?);
    show(&guid.text(WIDTH))?;
    say("")
}

/// Power on, and a few seconds of physics.
async fn warm_up(stage: &Stage) -> Result<(), Error> {
    stage.heading("Power on, and the sensors move", "power on")?;
    let before = stage.sensors(false).await?;
    stage.power(PowerAction::On).await?;
    let start = Instant::now();
    say("   time    CPU1 Temp       FAN1   Total Power")?;
    moment(None, &before)?;
    let mut after = Vec::new();
    for second in [1, 3, 5, 7] {
        let due = Duration::from_secs(second);
        tokio::time::sleep(due.saturating_sub(start.elapsed())).await;
        after = stage.sensors(false).await?;
        moment(Some(start.elapsed()), &after)?;
    }
    say("")?;
    let rises = |name| value(&after, name) > value(&before, name).or(Some(0.0));
    ensure(rises("CPU1 Temp"), "the CPU warms up")?;
    ensure(rises("FAN1"), "the fan spins up")?;
    ensure(rises("Total Power"), "the machine draws power")
}

/// One line of the movement.
fn moment(time: Option<Duration>, sensors: &[Sensor]) -> Result<(), Error> {
    let time = time.map_or("off".to_owned(), |time| format!("{:.1} s", time.as_secs_f64()));
    let [cpu, fan, power] =
        ["CPU1 Temp", "FAN1", "Total Power"].map(|name| find(sensors, name).map(|s| s.says()));
    let [cpu, fan, power] = [cpu, fan, power].map(|text| text.unwrap_or_else(|| "-".to_owned()));
    say(&format!("   {time:<6}  {cpu:>9}  {fan:>9}  {power:>12}"))
}

async fn sensors(stage: &Stage) -> Result<(), Error> {
    stage.heading("Sensors", "sensor list")?;
    let mut sensors = stage.sensors(true).await?;
    let all = sensors.len();
    sensors.retain(|sensor| SHOWN.contains(&sensor.name()));
    show(&List::from(sensors.as_slice()).text(WIDTH))?;
    say(&format!("   {} of {all} sensors are shown\n", sensors.len()))?;
    ensure(sensors.len() == SHOWN.len() && all >= 24, "all sensors are there")
}

async fn cycle(stage: &Stage) -> Result<(), Error> {
    stage.heading("A power cycle, seen through its status", "power cycle")?;
    ensure(stage.bmc.is_powered_on().await?, "the machine is on")?;
    let start = Instant::now();
    stage.power(PowerAction::Cycle).await?;
    for wanted in [false, true] {
        stage.wait_for(wanted).await?;
        let power = if wanted { "on" } else { "off" };
        say(&format!("   after {:5.2} s  power is {power}", start.elapsed().as_secs_f64()))?;
    }
    say("")
}

async fn off_twice(stage: &Stage) -> Result<(), Error> {
    stage.heading("Off, twice: off stays off", "power off")?;
    stage.power(PowerAction::Off).await?;
    stage.command("power off")?;
    stage.power(PowerAction::Off).await?;
    stage.command("power status")?;
    ensure(!stage.bmc.is_powered_on().await?, "the machine is off")?;
    say("   Chassis power is off")?;
    stage.command("power cycle")?;
    let refused = stage.bmc.power(PowerAction::Cycle).await.err();
    let code = refused.as_ref().and_then(ipmi_client::Error::completion);
    ensure(code == Some(ipmi_wire::CompletionCode::NOT_SUPPORTED_IN_STATE), "D5h is the answer")?;
    refused.map_or(Ok(()), |error| stage::refused(&stage.message(&error)))?;
    stage.command("power on")?;
    stage.power(PowerAction::On).await?;
    say("")
}

async fn log(stage: &Stage) -> Result<(), Error> {
    stage.heading("What happened while nobody looked", "sel list")?;
    let mut events = sel::list(&stage.bmc, true).await?;
    let all = events.len();
    let wanted = [SensorType::PHYSICAL_SECURITY, SensorType::VOLTAGE];
    events.keep(|event| wanted.iter().any(|sensor_type| event.is_of(*sensor_type)));
    show(&events.text(WIDTH))?;
    say(&format!("   {} of {all} events are shown\n", events.len()))?;
    ensure(events.len() >= 2, "the intrusion and the voltage regulator are in the log")
}

/// What is refused says why.
async fn refusals(stage: &Stage) -> Result<(), Error> {
    stage.heading("What is refused, and why", "power status   (with a wrong password)")?;
    let wrong = stage.try_login(USER, "not_the_password", |_| {}).await?;
    ensure(
        matches!(wrong.session_error(), Some(SessionError::WrongPassword)),
        "a wrong password is recognised",
    )?;
    stage::refused(&wrong.advice().cause)?;

    stage.command("-C 0 --allow-insecure-suites mc info")?;
    let suite = |credentials: &mut ipmi_client::Credentials| {
        credentials.suites = vec![CipherSuite(0)];
    };
    let zero = stage.try_login(USER, PASSWORD, suite).await?;
    ensure(
        matches!(zero.session_error(), Some(SessionError::SuitesRefused(_))),
        "cipher suite 0 is refused",
    )?;
    stage::refused(&stage.message(&zero))?;

    stage.command("-U guest power off")?;
    let (guest, password) = GUEST;
    let role = |credentials: &mut ipmi_client::Credentials| {
        credentials.privilege = Privilege::Operator;
    };
    let guest = stage.try_login(guest, password, role).await?;
    stage::refused(&guest.advice().cause)?;
    say("")
}

fn goodbye(stage: &Stage, once: bool) -> Result<(), Error> {
    let (address, ip, port) = (stage.address, stage.address.ip(), stage.address.port());
    let end = match once {
        true => "With --once the BMC ends here, too; without, it stays up to be tried.",
        false => "The BMC stays up until Ctrl-C.",
    };
    say(&format!(
        "Every step did what it should. To reach the BMC yourself:\n\n   \
         export LANTERN_PASSWORD={PASSWORD} IPMI_PASSWORD={PASSWORD}\n   \
         lantern -H {address} -U {USER} sensor list\n   \
         ipmitool -I lanplus -C 17 -H {ip} -p {port} -U {USER} -E sdr list\n\n{end}"
    ))
}

fn find(sensors: &[Sensor], name: &str) -> Option<SensorView> {
    sensors.iter().find(|sensor| sensor.name() == name).map(SensorView::short)
}

fn value(sensors: &[Sensor], name: &str) -> Option<f64> {
    find(sensors, name)?.value()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_users_are_those_of_the_example() {
        for (user, password) in [(USER, PASSWORD), GUEST] {
            let lines = format!("name = \"{user}\"\npassword = \"{password}\"\n");
            assert!(CONFIG.contains(&lines), "{user}");
        }
    }
}
