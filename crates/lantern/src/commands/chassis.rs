//! `chassis`.

use ipmi_client::Bmc;
use ipmi_wire::cmd::chassis::{
    ChassisIdentify, GetChassisCapabilities, GetChassisStatus, GetPohCounter, GetSystemRestartCause,
};

use super::{Outcome, power};
use crate::cli::{Chassis, Identify};
use crate::view::chassis::{Capabilities, Identified, Poh, Restart, Status};

pub(super) async fn run(command: &Chassis, bmc: &Bmc) -> Outcome {
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
    })
}

const fn request(how: Identify) -> ChassisIdentify {
    match how {
        Identify::Off => ChassisIdentify { interval: Some(0), force: None },
        Identify::Seconds(seconds) => ChassisIdentify { interval: Some(seconds), force: None },
        Identify::Force => ChassisIdentify { interval: None, force: Some(true) },
    }
}
