//! Installations from the answers of the other methods that install.

use crate::{
    Installation, Slot, Timestamp,
    methods::{OauthV2ExchangeResponse, OauthV2UserAccessResponse},
    tokens::Credential,
};

impl OauthV2UserAccessResponse {
    /// Creates the installation that a store keeps. Expiries count from when the request was **sent**.
    #[must_use]
    pub fn into_installation(self, requested_at: Timestamp) -> Installation {
        Installation {
            app_id: self.app_id,
            team: self.team,
            enterprise: self.enterprise,
            is_enterprise_install: self.is_enterprise_install,
            user: Some(self.credential.into_credential(requested_at)),
            user_id: self.user_id,
            unplaced: self.unplaced.map(|credential| credential.into_credential(requested_at)),
            ..Installation::default()
        }
    }
}

impl OauthV2ExchangeResponse {
    /// Creates the installation that a store keeps: the new pair in the slot that the answer shows. Expiries count from
    /// when the request was **sent**.
    #[must_use]
    pub fn into_installation(self, requested_at: Timestamp) -> Installation {
        let credential: Credential = self.credential.into_credential(requested_at);
        let mut installation = Installation {
            app_id: self.app_id,
            team: self.team,
            enterprise: self.enterprise,
            is_enterprise_install: self.is_enterprise_install,
            user_id: self.user_id,
            bot_user_id: self.bot_user_id,
            unplaced: self.unplaced.map(|credential| credential.into_credential(requested_at)),
            ..Installation::default()
        };
        let place = match self.slot {
            Slot::Bot => &mut installation.bot,
            Slot::User => &mut installation.user,
            Slot::Unknown | Slot::Configuration => &mut installation.unplaced,
        };
        // Of two that nobody can place the pair of the top level is the one that was asked for.
        *place = Some(credential);
        installation
    }
}
