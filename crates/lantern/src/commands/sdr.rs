//! `sdr`.

use ipmi_client::Bmc;
use ipmi_wire::cmd::storage::GetSdrRepositoryInfo;

use super::Outcome;
use crate::cli::Sdr;
use crate::view::sdr::{Info, List};

pub(super) async fn run(command: &Sdr, bmc: &Bmc) -> Outcome {
    Ok(match command {
        Sdr::List => Box::new(List::from(bmc.sensors(false).await?.as_slice())),
        Sdr::Info => Box::new(Info::from(&bmc.send(&GetSdrRepositoryInfo).await?)),
    })
}
