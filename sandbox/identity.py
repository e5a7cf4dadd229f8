#    Licensed under the Apache License, Version 2.0 (the "License"); you may
#    not use this file except in compliance with the License. You may obtain
#    a copy of the License at
#
#         http://www.apache.org/licenses/LICENSE-2.0
#
#    Unless required by applicable law or agreed to in writing, software
#    distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
#    WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
#    License for the specific language governing permissions and limitations
#    under the License.

"""Projects, users, roles and endpoints, as an operator creates them."""

import secrets

from keystoneauth1 import session
from keystoneauth1.identity import v3
from keystoneclient.v3 import client
import yaml

REGION = 'RegionOne'
# cloud in clouds.yaml -> project and user of the same name
TENANTS = {'sandbox': 'demo', 'sandbox-other': 'other'}
CLOUDS = {**TENANTS, 'sandbox-admin': 'admin'}


class Identity:
    def __init__(self, auth_url, admin_password, heat_password):
        self.auth_url = f'{auth_url}/v3'
        self.heat_password = heat_password
        self.passwords = {'admin': admin_password}
        self.projects = []

    def create(self, heat_url, cfn_url):
        """Create everything in Keystone."""
        self._keystone = client.Client(session=session.Session(v3.Password(
            auth_url=self.auth_url, username='admin',
            password=self.passwords['admin'], project_name='admin',
            user_domain_id='default', project_domain_id='default')))
        self._create_roles()
        self._create_heat(heat_url, cfn_url)
        for name in TENANTS.values():
            self._create_tenant(name)
        self.projects.append(
            self._keystone.projects.list(name='admin')[0].id)

    def _create_roles(self):
        roles = self._keystone.roles
        self._roles = {role.name: role for role in roles.list()}
        for name in ('heat_stack_owner', 'heat_stack_user'):
            self._roles[name] = roles.create(name)

    def _grant(self, user, *names, **scope):
        for name in names:
            self._keystone.roles.grant(self._roles[name], user=user, **scope)

    def _create_heat(self, heat_url, cfn_url):
        """Create Heat's service user, domain for stack users, endpoints.

        The domain is what heat-keystone-setup-domain creates.
        """
        keystone = self._keystone
        service = keystone.projects.create('service', 'default')
        heat = keystone.users.create('heat', domain='default',
                                     password=self.heat_password)
        self._grant(heat, 'admin', 'service', project=service)
        domain = keystone.domains.create('heat')
        admin = keystone.users.create('heat_domain_admin', domain=domain,
                                      password=self.heat_password)
        self._grant(admin, 'admin', domain=domain)
        for name, kind, url in (
                ('heat', 'orchestration', f'{heat_url}/v1/%(project_id)s'),
                ('heat-cfn', 'cloudformation', f'{cfn_url}/v1')):
            entry = keystone.services.create(name, type=kind)
            keystone.endpoints.create(entry, url, interface='public',
                                      region=REGION)

    def _create_tenant(self, name):
        project = self._keystone.projects.create(name, 'default')
        self.passwords[name] = secrets.token_hex(8)
        user = self._keystone.users.create(
            name, domain='default', password=self.passwords[name])
        self._grant(user, 'member', 'heat_stack_owner', project=project)
        self.projects.append(project.id)

    def token(self, name):
        """Return a token of a user and the id of its project."""
        auth = session.Session(v3.Password(
            auth_url=self.auth_url, username=name,
            password=self.passwords[name], project_name=name,
            user_domain_id='default', project_domain_id='default'))
        return auth.get_token(), auth.get_project_id()

    def write_clouds(self, path):
        clouds = {
            cloud: {
                'auth': {
                    'auth_url': self.auth_url,
                    'username': name,
                    'password': self.passwords[name],
                    'project_name': name,
                    'user_domain_id': 'default',
                    'project_domain_id': 'default',
                },
                'region_name': REGION,
                'identity_api_version': 3,
            } for cloud, name in CLOUDS.items()}
        path.write_text(yaml.safe_dump({'clouds': clouds}))
        path.chmod(0o600)
