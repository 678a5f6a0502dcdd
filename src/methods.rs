//! Methods of Slack's Web API, the trait for methods of your own, and the types of requests and responses.

pub use slack_proto::methods::{
    ApiMethod, AppsAuthExternalDelete, AppsAuthExternalDeleteError, AppsAuthExternalDeleteResponse,
    AppsAuthExternalGet, AppsAuthExternalGetError, AppsAuthExternalGetResponse, AppsUninstall,
    AppsUninstallError, AppsUninstallResponse, Auth, AuthRevoke, AuthRevokeError,
    AuthRevokeResponse, AuthTeamsList, AuthTeamsListError, AuthTeamsListResponse, AuthTest,
    AuthTestResponse, Endpoint, FormFields, JsonBody, ListedTeam, OauthV2Access,
    OauthV2AccessError, OauthV2AccessResponse, OauthV2Exchange, OauthV2ExchangeError,
    OauthV2ExchangeResponse, OauthV2Refresh, OauthV2RefreshResponse, OauthV2UserAccess,
    OauthV2UserAccessError, OauthV2UserAccessResponse, OauthV2UserRefresh,
    OauthV2UserRefreshResponse, OpenidConnectRefresh, OpenidConnectRefreshResponse,
    OpenidConnectToken, OpenidConnectTokenError, OpenidConnectTokenResponse, OpenidConnectUserInfo,
    ParseWarning, Payload, Purpose, Reply, ReplyMeta, RequestBody, TeamIcon, ToolingTokensRotate,
    ToolingTokensRotateError, ToolingTokensRotateResponse, UntrustedText,
};
