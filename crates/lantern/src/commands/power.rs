//! `power`, also as `chassis power`.

use ipmi_client::Bmc;
use ipmi_wire::cmd::chassis::PowerAction;

use super::Outcome;
use crate::cli::Power;
use crate::view::power::{PowerControl, PowerStatus};

pub(super) async fn run(command: Power, bmc: &Bmc) -> Outcome {
    let action = match command {
        Power::Status => return Ok(Box::new(PowerStatus::new(bmc.is_powered_on().await?))),
        Power::On => PowerAction::On,
        Power::Off => PowerAction::Off,
        Power::Soft => PowerAction::SoftOff,
        Power::Cycle => PowerAction::Cycle,
        Power::Reset => PowerAction::Reset,
        Power::Diag => PowerAction::DiagnosticInterrupt,
    };
    let done = bmc.power(action).await?;
    Ok(Box::new(PowerControl::new(action, &done)))
}
