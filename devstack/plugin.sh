#!/bin/bash
#
# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

# Puts heat_docker into the Heat of a devstack, which sources this file as
# "plugin.sh MODE PHASE":
# https://docs.openstack.org/devstack/latest/plugins.html#plugin-sh-contract

HEAT_DOCKER_REPO=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

function install_heat_docker {
    pip_install -r "$HEAT_DOCKER_REPO/requirements.txt"
    # Heat would load what another version has left.
    clean_heat_docker
    mkdir -p "$HEAT_DOCKER_PLUGIN_DIR"
    cp -R "$HEAT_DOCKER_REPO/heat_docker" "$HEAT_DOCKER_PLUGIN_DIR/"
}

function install_heat_docker_engine {
    if is_ubuntu; then
        install_package docker.io
    else
        install_package moby-engine
    fi
    start_service docker
    # systemd looks the groups up when it starts heat-engine.
    add_user_to_group "$STACK_USER" docker
}

function configure_heat_docker {
    if [[ ! -f "$HEAT_CONF" ]]; then
        die $LINENO "enable_plugin heat has to come before heat-docker"
    fi
    local directories
    directories=$(iniget "$HEAT_CONF" DEFAULT plugin_dirs)
    if [[ ",$directories," != *",$HEAT_DOCKER_PLUGIN_DIR,"* ]]; then
        # If two directories are called heat_docker, Heat uses the one whose
        # parent comes first.
        iniset "$HEAT_CONF" DEFAULT plugin_dirs \
            "$HEAT_DOCKER_PLUGIN_DIR${directories:+,$directories}"
    fi
}

function check_heat_docker {
    "$PYTHON" "$HEAT_DOCKER_PLUGIN_DIR/heat_docker/check.py" \
        --config-file "$HEAT_CONF" ||
        die $LINENO "heat-engine does not offer the Docker types"
}

function clean_heat_docker {
    rm -rf "$HEAT_DOCKER_PLUGIN_DIR/heat_docker"
}

if is_service_enabled h-eng; then
    case "$1 ${2:-}" in
        "stack install")
            echo_summary "Installing heat_docker"
            install_heat_docker
            if [[ "$HEAT_DOCKER_INSTALL_ENGINE" == "True" ]]; then
                install_heat_docker_engine
            fi
            ;;
        "stack post-config")
            echo_summary "Configuring heat_docker"
            configure_heat_docker
            ;;
        "stack extra")
            check_heat_docker
            ;;
        "clean ")
            clean_heat_docker
            ;;
    esac
fi
