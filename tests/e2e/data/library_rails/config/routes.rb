Rails.application.routes.draw do
  resources :loans, only: [:index]
  get "/health", to: "rails/health#show"
end
