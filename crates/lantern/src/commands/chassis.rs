//! `chassis`.

use ipmi_client::chassis::PanelButton;
use ipmi_wire::cmd::chassis::{
    ChassisIdentify, GetChassisCapabilities, GetChassisStatus, GetPohCounter,
    GetSystemRestartCause, PowerRestorePolicy,
};

use super::{Context, Outcome, boot, power};
use crate::cli::{ButtonWord, Chassis, FrontPanel, Identify, Policy};
use crate::view::chassis::{Capabilities, Identified, Poh, Restart, Status};
use crate::view::panel::{self, CycleInterval, PanelSet, PolicySet};

pub(super) async fn run(command: &Chassis, context: &Context<'_>) -> Outcome {
    let bmc = context.bmc;
    Ok(match command {
        Chassis::Power(command) => power::run(*command, bmc).await?,
        Chassis::Status => Box::new(Status::from(&bmc.send(&GetChassisStatus).await?)),
        Chassis::Identify { how } => {
            let how = how.unwrap_or(Identify::Seconds(ChassisIdentify::DEFAULT_INTERVAL));
            bmc.send(&request(how)).await?;
            Box::new(Identified::from(how))
        }
        Chassis::RestartCause => Box::new(Restart::from(&bmc.send(&GetSystemRestartCause).await?)),
        Chassis::Poh => Box::new(Poh::from(&bmc.send(&GetPohCounter).await?)),
        Chassis::Capabilities => {
            Box::new(Capabilities::from(&bmc.send(&GetChassisCapabilities).await?))
        }
        Chassis::Policy(command) => {
            let policy = match command {
                Policy::Show => {
                    return Ok(Box::new(panel::Policy::from(&bmc.restore_policy().await?)));
                }
                Policy::AlwaysOn => PowerRestorePolicy::AlwaysOn,
                Policy::Previous => PowerRestorePolicy::Previous,
                Policy::AlwaysOff => PowerRestorePolicy::AlwaysOff,
            };
            Box::new(PolicySet::from(&bmc.set_restore_policy(policy).await?))
        }
        Chassis::Boot(command) => boot::run(command, context).await?,
        Chassis::FrontPanel(command) => {
            let (words, disable) = match command {
                FrontPanel::Show => {
                    return Ok(Box::new(panel::FrontPanel::from(bmc.front_panel().await?)));
                }
                FrontPanel::Enable { buttons } => (buttons, false),
                FrontPanel::Disable { buttons } => (buttons, true),
            };
            let buttons = buttons(words);
            Box::new(PanelSet::from(&bmc.disable_buttons(&buttons, disable).await?))
        }
        Chassis::CycleInterval { seconds } => {
            bmc.set_cycle_interval(*seconds).await?;
            Box::new(CycleInterval { seconds: *seconds, accepted: true })
        }
    })
}

const fn request(how: Identify) -> ChassisIdentify {
    match how {
        Identify::Off => ChassisIdentify { interval: Some(0), force: None },
        Identify::Seconds(seconds) => ChassisIdentify { interval: Some(seconds), force: None },
        Identify::Force => ChassisIdentify { interval: None, force: Some(true) },
    }
}

fn buttons(words: &[ButtonWord]) -> Vec<PanelButton> {
    let button = |word: &ButtonWord| match word {
        ButtonWord::Power => vec![PanelButton::Power],
        ButtonWord::Reset => vec![PanelButton::Reset],
        ButtonWord::Diagnostic => vec![PanelButton::Diagnostic],
        ButtonWord::Standby => vec![PanelButton::Standby],
        ButtonWord::All => PanelButton::ALL.into(),
    };
    words.iter().flat_map(button).collect()
}
