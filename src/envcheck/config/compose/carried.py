"""Keys of the Compose Specification that change nothing we decide: they go to ``extra`` unread."""

_SERVICE = """
    annotations attach blkio_config cap_add cap_drop cgroup cgroup_parent configs cpu_count
    cpu_percent cpu_period cpu_quota cpu_rt_period cpu_rt_runtime cpu_shares cpus cpuset
    credential_spec develop device_cgroup_rules devices dns dns_opt dns_search domainname
    external_links extra_hosts gpus group_add init ipc isolation label_file links logging
    mac_address mem_reservation mem_swappiness memswap_limit models oom_kill_disable
    oom_score_adj pid pids_limit platform post_start pre_start pre_stop privileged provider
    pull_policy pull_refresh_after read_only runtime secrets security_opt shm_size stdin_open
    storage_opt sysctls tmpfs tty ulimits use_api_socket userns_mode uts volumes_from
"""
_BUILD = """
    additional_contexts cache_from cache_to dockerfile_inline entitlements extra_hosts isolation
    labels network no_cache no_cache_filter platforms privileged provenance pull sbom secrets
    shm_size ssh tags ulimits
"""
_NETWORK = """
    aliases driver_opts gw_priority interface_name ipv4_address ipv6_address link_local_ips
    mac_address priority
"""
_OF_NETWORKS = """
    attachable driver driver_opts enable_ipv4 enable_ipv6 external internal ipam labels name
"""
_OF_VOLUMES = "driver driver_opts external labels name"
_OF_SECRETS = "driver driver_opts environment external file labels name template_driver"
_OF_CONFIGS = "content environment external file labels name template_driver"

CARRIED = frozenset(_SERVICE.split())
CARRIED_BUILD = frozenset(_BUILD.split())
CARRIED_NETWORK = frozenset(_NETWORK.split())
RESOURCES = {
    "networks": frozenset(_OF_NETWORKS.split()),
    "volumes": frozenset(_OF_VOLUMES.split()),
    "secrets": frozenset(_OF_SECRETS.split()),
    "configs": frozenset(_OF_CONFIGS.split()),
}
