//! `power`, also as `chassis power`.

use std::time::Duration;

use ipmi_client::Bmc;
use ipmi_wire::cmd::chassis::PowerAction;

use super::Outcome;
use crate::cli::{Power, Wait};
use crate::view::power::{PowerControl, PowerStatus};

pub(super) async fn run(command: Power, bmc: &Bmc) -> Outcome {
    let (action, patience) = match command {
        Power::Status => return Ok(Box::new(PowerStatus::new(bmc.is_powered_on().await?))),
        Power::On(wait) => (PowerAction::On, patience(wait)),
        Power::Off(wait) => (PowerAction::Off, patience(wait)),
        Power::Soft(wait) => (PowerAction::SoftOff, patience(wait)),
        Power::Cycle(wait) => (PowerAction::Cycle, patience(wait)),
        Power::Reset => (PowerAction::Reset, None),
        Power::Diag => (PowerAction::DiagnosticInterrupt, None),
    };
    let (done, waited) = match patience {
        Some(patience) => bmc.power_and_wait(action, patience).await?,
        None => (bmc.power(action).await?, None),
    };
    Ok(Box::new(PowerControl::new(action, &done, waited.as_ref())))
}

fn patience(wait: Wait) -> Option<Duration> {
    wait.wait.then_some(wait.timeout)
}
